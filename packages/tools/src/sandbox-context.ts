// A turn's policy as the sandbox takes it.
import type { PathAccess, SandboxContext } from "@codex-ts/sandboxing";
import { pathAccess } from "@codex-ts/sandboxing/policy";
import type { PermissionProfile } from "@codex-ts/protocol";
import type { DecisionContext } from "./decide-command.ts";

/** What a turn lets its commands do, with `additionalPermissions` on top. */
export function sandboxContext(
  context: DecisionContext,
  additionalPermissions: PermissionProfile | undefined,
): SandboxContext {
  return {
    policy: context.sandboxPolicy,
    policyCwd: context.cwd,
    fileSystem: context.fileSystem,
    network: context.network,
    additionalPermissions,
  };
}

/** What the turn's policy and the grants on top of it let a tool of this process read and write. */
export function turnAccess(context: DecisionContext): PathAccess {
  return pathAccess(sandboxContext(context, context.grants.current()), {
    tmpdir: context.childEnv["TMPDIR"],
    home: context.childEnv["HOME"],
  });
}
