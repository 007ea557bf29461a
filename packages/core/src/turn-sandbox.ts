// What a turn's permissions come to, for the sandbox and for the words that the model is told.
import {
  hasFullDiskRead,
  hasFullDiskWrite,
  resolveContext,
  type SandboxContext,
  unreadableRoots,
  writableRoots,
} from "@codex-ts/sandboxing";
import type { FileSystemSandboxPolicy } from "@codex-ts/protocol";
import type { ThreadConfig } from "./thread-config.ts";
import type { SessionSettings } from "./turn-context.ts";

/** The permissions in force, as the sandbox takes them. */
export function sandboxContextOf({
  sandboxPolicy,
  permissions,
  cwd,
}: Pick<SessionSettings, "sandboxPolicy" | "permissions" | "cwd">): SandboxContext {
  return { policy: sandboxPolicy, policyCwd: cwd, ...permissions };
}

/** What commands may touch, path by path. */
export interface FileAccess {
  readonly readsAll: boolean;
  readonly writesAll: boolean;
  /** Empty when everything may be written. */
  readonly writableRoots: readonly string[];
  /** Paths and patterns that may not be read, not even where what is around them may. */
  readonly denied: readonly string[];
}

export function fileAccess(
  settings: Pick<SessionSettings, "sandboxPolicy" | "permissions" | "cwd">,
  env: Readonly<Record<string, string>>,
): FileAccess {
  const { fileSystem, paths } = resolveContext(sandboxContextOf(settings), {
    tmpdir: env["TMPDIR"],
    home: env["HOME"],
  });
  const patterns = (fileSystem.entries ?? []).flatMap(({ path }) =>
    path.type === "glob_pattern" ? [path.pattern] : [],
  );
  // What a pattern names at the moment is said by the pattern.
  const named = { ...fileSystem, entries: settings.permissions?.fileSystem.entries ?? [] };
  return {
    readsAll: hasFullDiskRead({
      ...fileSystem,
      entries: (fileSystem.entries ?? []).filter(({ access }) => access !== "none"),
    }),
    writesAll: hasFullDiskWrite(fileSystem),
    writableRoots: writableRoots(fileSystem, paths).map(({ root }) => root),
    denied: [...unreadableRoots(named, paths), ...patterns],
  };
}

/** The same permissions for somebody who is to look and change nothing. */
export function lookingOnly(permissions: ThreadConfig["permissions"]): ThreadConfig["permissions"] {
  if (permissions === undefined || permissions.fileSystem.kind !== "restricted") return undefined;
  const fileSystem: FileSystemSandboxPolicy = {
    kind: "restricted",
    entries: (permissions.fileSystem.entries ?? []).map((entry) =>
      entry.access === "write" ? { ...entry, access: "read" } : entry,
    ),
  };
  return { fileSystem, network: "restricted" };
}
