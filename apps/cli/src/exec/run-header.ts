// What a run says of itself before it begins: where it works, with what, and what it may do.
import type { SandboxPolicy } from "@codex-ts/protocol";
import type { Paint } from "../colors.ts";
import { visibleText } from "../visible-text.ts";

export interface RunHeader {
  readonly version: string;
  readonly workdir: string;
  readonly model: string;
  readonly provider: string;
  readonly approval: string;
  readonly sandbox: SandboxPolicy;
  /** The permission profile that is enforced in place of the policy. */
  readonly permissions: string | null;
  readonly effort: string | null;
  readonly summaries: string | null;
  readonly sessionId: string;
  readonly prompt: string;
}

export function headerLines(header: RunHeader, paint: Paint): readonly string[] {
  const line = (key: string, value: string): string =>
    `${paint(`${key}:`, "bold")} ${visibleText(value)}`;
  return [
    paint(`codex-ts v${header.version}`, "bold"),
    "--------",
    line("workdir", header.workdir),
    line("model", header.model),
    line("provider", header.provider),
    line("approval", header.approval),
    header.permissions === null
      ? line("sandbox", sandboxSummary(header.sandbox))
      : line("permissions", header.permissions),
    line("reasoning effort", header.effort ?? "none"),
    line("reasoning summaries", header.summaries ?? "none"),
    line("session id", header.sessionId),
    "--------",
  ];
}

/** One line for a sandbox policy. */
function sandboxSummary(policy: SandboxPolicy): string {
  switch (policy.type) {
    case "danger-full-access":
      return "danger-full-access";
    case "external-sandbox":
      return `external-sandbox${policy.network_access === "enabled" ? NETWORK : ""}`;
    case "read-only":
      return `read-only${policy.network_access === true ? NETWORK : ""}`;
    case "workspace-write": {
      const roots = [
        "workdir",
        ...(policy.exclude_slash_tmp === true ? [] : ["/tmp"]),
        ...(policy.exclude_tmpdir_env_var === true ? [] : ["$TMPDIR"]),
        ...(policy.writable_roots ?? []),
      ];
      return `workspace-write [${roots.join(", ")}]${policy.network_access === true ? NETWORK : ""}`;
    }
  }
}

const NETWORK = " (network access enabled)";
