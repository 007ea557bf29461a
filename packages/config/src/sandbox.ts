// What commands may do and when a person is asked: from settings, trust and managed limits.
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import type { AskForApproval, SandboxMode, SandboxPolicy } from "@codex-ts/protocol";
import type { Settings } from "./check-settings.ts";
import {
  compileProfile,
  modeOfProfile,
  type PermissionProfileSettings,
  policyOfProfile,
  withWritableRoots,
} from "./permission-profiles.ts";
import type { Problem } from "./shape.ts";
import type { Stack } from "./stack.ts";
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
function resolveSandboxMode(
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

/** The policy of a mode. Further roots count in workspace-write alone; each root is listed once. */
function sandboxPolicyFor(
  mode: SandboxMode,
  settings: NonNullable<Settings["sandbox_workspace_write"]>,
  additional: readonly AbsolutePath[],
): SandboxPolicy {
  if (mode !== "workspace-write") return { type: mode };
  return {
    type: "workspace-write",
    writable_roots: [...new Set([...(settings.writable_roots ?? []), ...additional])],
    network_access: settings.network_access ?? false,
    exclude_tmpdir_env_var: settings.exclude_tmpdir_env_var ?? false,
    exclude_slash_tmp: settings.exclude_slash_tmp ?? false,
  };
}

export interface ResolvedSandbox {
  readonly mode: SandboxMode;
  readonly policy: SandboxPolicy;
  readonly permissions: PermissionProfileSettings | undefined;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

export interface SandboxInput {
  /** The key that decides. */
  readonly key: Stack["permissionsKey"];
  /** Further folders that may be written. */
  readonly roots: readonly string[];
  readonly allowed: AllowedValues<SandboxMode> | undefined;
  readonly trust: TrustLevel | undefined;
  readonly platform: NodeJS.Platform;
  readonly cwd: AbsolutePath;
  readonly home: string | undefined;
}

/** What commands may do: by a permission profile where that is chosen, else by a sandbox mode. */
export function resolveSandbox(settings: Settings, input: SandboxInput): ResolvedSandbox {
  const { key, cwd, home } = input;
  const roots = input.roots.map((root) => resolve(root, cwd, { home }));
  if (key === "default_permissions" && settings.default_permissions !== undefined) {
    return byProfile(settings.default_permissions, settings, roots, input);
  }
  const undecided = key === undefined && Object.keys(settings.permissions ?? {}).length > 0;
  const problems = undecided
    ? [
        {
          path: ["permissions"],
          message:
            "permission profiles are defined, and none is chosen: set `default_permissions` to the name of one, or `sandbox_mode`",
        },
      ]
    : [];
  return { ...byMode(settings.sandbox_mode, settings, roots, input), problems };
}

function byMode(
  asked: SandboxMode | undefined,
  settings: Settings,
  roots: readonly AbsolutePath[],
  { trust, allowed, platform }: SandboxInput,
): ResolvedSandbox {
  const mode = resolveSandboxMode(asked, trust, allowed, platform);
  return {
    mode: mode.value,
    policy: sandboxPolicyFor(mode.value, settings.sandbox_workspace_write ?? {}, roots),
    permissions: undefined,
    problems: [],
    warnings: [
      ...(mode.warning === undefined ? [] : [mode.warning]),
      ...(mode.value === "read-only" && roots.length > 0 ? [rootsWithoutEffect] : []),
    ],
  };
}

const rootsWithoutEffect =
  "The additional writable folders have no effect: the sandbox is read-only.";

function byProfile(
  name: string,
  settings: Settings,
  roots: readonly AbsolutePath[],
  input: SandboxInput,
): ResolvedSandbox {
  const { cwd, home, allowed } = input;
  const compiled = compileProfile(name, settings.permissions ?? {}, home);
  const mode = modeOfProfile(compiled.profile, cwd);
  const limited = constrain<SandboxMode>("default_permissions", mode, mode, allowed);
  if (limited.value !== mode) {
    const { problems } = compiled;
    const within = byMode(limited.value, settings, roots, input);
    const warning = `The permission profile \`${name}\` is not used, and \`sandbox_mode\` is ${limited.value}: the profile allows as much as ${mode}, and ${allowed?.source ?? "a limit"} allows only ${allowed?.values.join(", ")}.`;
    return { ...within, problems, warnings: [warning, ...within.warnings] };
  }
  const isReadOnly = mode === "read-only";
  const profile = isReadOnly ? compiled.profile : withWritableRoots(compiled.profile, roots);
  return {
    mode,
    policy: policyOfProfile(profile, cwd),
    permissions: profile,
    problems: compiled.problems,
    warnings: [
      ...compiled.warnings,
      ...(isReadOnly && roots.length > 0 ? [rootsWithoutEffect] : []),
    ],
  };
}
