// `x-codex-turn-metadata`: what the service is told about a turn.
import type { SandboxPolicy } from "@codex-ts/protocol";

export interface WorkspaceFacts {
  readonly associated_remote_urls?: Readonly<Record<string, string>>;
  readonly latest_git_commit_hash?: string;
  readonly has_changes?: boolean;
}

export interface TurnMetadata {
  readonly sessionId: string;
  /** Empty before the first turn. */
  readonly turnId: string;
  readonly sandboxPolicy: SandboxPolicy;
  readonly platform: NodeJS.Platform;
  /** Repository root → facts; empty until they are known. */
  readonly workspaces: Readonly<Record<string, WorkspaceFacts>>;
}

/** The header's JSON text. */
export function turnMetadataHeader(metadata: TurnMetadata): string {
  const roots = Object.keys(metadata.workspaces).sort();
  const workspaces = Object.fromEntries(roots.map((root) => [root, metadata.workspaces[root]]));
  const text = JSON.stringify({
    session_id: metadata.sessionId,
    ...(metadata.turnId === "" ? {} : { turn_id: metadata.turnId }),
    ...(roots.length === 0 ? {} : { workspaces }),
    sandbox: sandboxTag(metadata.sandboxPolicy, metadata.platform),
  });
  return text.replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function sandboxTag(policy: SandboxPolicy, platform: NodeJS.Platform): string {
  if (policy.type === "danger-full-access") return "none";
  if (policy.type === "external-sandbox") return "external";
  if (platform === "linux") return "seccomp";
  return platform === "darwin" ? "seatbelt" : "none";
}
