// What the sandbox policy lets a patch write: judged by name, and by where the name leads.
import { realpath } from "node:fs/promises";
import { type AbsolutePath, fromAbsolute } from "@codex-ts/absolute-path";
import type { SandboxPolicy } from "@codex-ts/protocol";
import { isPathWritable, type SandboxContext } from "@codex-ts/sandboxing";
import type { DecisionContext } from "./decide-command.ts";

export interface WritablePaths {
  /** For a path as the patch spells it. */
  allowsName(path: AbsolutePath): boolean;
  /** For a path whose symbolic links are resolved. */
  allowsRealPath(path: AbsolutePath): boolean;
}

/** What the turn's policy and its grants allow; what a call asks for on top is no grant. */
export async function writablePaths(context: DecisionContext): Promise<WritablePaths> {
  const tmpdir = context.childEnv["TMPDIR"];
  const additionalPermissions = context.grants.current();
  const named: SandboxContext = {
    policy: context.sandboxPolicy,
    policyCwd: context.cwd,
    additionalPermissions,
  };
  const real: SandboxContext = {
    policy: await realPolicy(context.sandboxPolicy, tmpdir),
    policyCwd: fromAbsolute(await realPathOf(context.cwd)),
    additionalPermissions,
  };
  return {
    allowsName: (path) => isPathWritable(path, named, { tmpdir }),
    allowsRealPath: (path) => isPathWritable(path, real),
  };
}

/** The policy with every root that it names or implies where it really is. */
async function realPolicy(
  policy: SandboxPolicy,
  tmpdir: string | undefined,
): Promise<SandboxPolicy> {
  if (policy.type !== "workspace-write") return policy;
  const roots = [
    ...(policy.writable_roots ?? []),
    ...(policy.exclude_slash_tmp === true || process.platform === "win32" ? [] : ["/tmp"]),
    ...(policy.exclude_tmpdir_env_var === true || !tmpdir ? [] : [tmpdir]),
  ];
  return {
    ...policy,
    writable_roots: await Promise.all(roots.map(realPathOf)),
    exclude_slash_tmp: true,
    exclude_tmpdir_env_var: true,
  };
}

async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}
