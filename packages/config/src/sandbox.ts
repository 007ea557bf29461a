// What commands may do and when a person is asked: from settings, trust and managed limits.
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import type { AskForApproval, SandboxMode, SandboxPolicy } from "@codex-ts/protocol";
import { type AllowedValues, constrain, type Constrained } from "./requirements.ts";
import type { TrustLevel } from "./trust.ts";

/** When a person is asked: as set, else by the trust in the project. */
export function resolveApprovalPolicy(
  asked: AskForApproval | undefined,
  trust: TrustLevel | undefined,
  allowed: AllowedValues<AskForApproval> | undefined,
): Constrained<AskForApproval> {
  const fallback = trust === "untrusted" ? "untrusted" : "on-request";
  return constrain<AskForApproval>("approval_policy", asked, fallback, allowed);
}

/** What commands may do: as set, else by whether there is a decision on the project. */
export function resolveSandboxMode(
  asked: SandboxMode | undefined,
  trust: TrustLevel | undefined,
  allowed: AllowedValues<SandboxMode> | undefined,
  platform: NodeJS.Platform,
): Constrained<SandboxMode> {
  const fallback = trust === undefined ? "read-only" : "workspace-write";
  const mode = constrain<SandboxMode>("sandbox_mode", asked, fallback, allowed);
  if (platform !== "win32" || mode.value !== "workspace-write") return mode;
  const warning = "There is no sandbox on Windows yet, so `sandbox_mode` is read-only.";
  return { value: "read-only", warning: asked === undefined ? undefined : warning };
}

export interface WorkspaceWriteSettings {
  readonly writable_roots?: readonly string[] | undefined;
  readonly network_access?: boolean | undefined;
  readonly exclude_tmpdir_env_var?: boolean | undefined;
  readonly exclude_slash_tmp?: boolean | undefined;
}

/** The policy of a mode. Further roots count in workspace-write alone; each root is listed once. */
export function sandboxPolicyFor(
  mode: SandboxMode,
  settings: WorkspaceWriteSettings,
  additional: {
    readonly roots: readonly string[];
    readonly cwd: AbsolutePath;
    readonly home: string | undefined;
  },
): SandboxPolicy {
  if (mode !== "workspace-write") return { type: mode };
  const { cwd, home } = additional;
  const roots = [
    ...(settings.writable_roots ?? []),
    ...additional.roots.map((root) => resolve(root, cwd, { home })),
  ];
  return {
    type: "workspace-write",
    writable_roots: [...new Set(roots)],
    network_access: settings.network_access ?? false,
    exclude_tmpdir_env_var: settings.exclude_tmpdir_env_var ?? false,
    exclude_slash_tmp: settings.exclude_slash_tmp ?? false,
  };
}
