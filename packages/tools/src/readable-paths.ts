// What the tools that read files in this process may show: what a confined command could read as well.
import { realpath } from "node:fs/promises";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { resolveAccess, resolveContext } from "@codex-ts/sandboxing";
import { type ToolContext, ToolError } from "./tool.ts";

/**
 * Refuses a path that the sandbox policy and the grants on top of it do not let be read, by its name or
 * by where its links lead.
 *
 * @throws ToolError
 */
export async function checkReadable(path: string, context: ToolContext): Promise<void> {
  const { fileSystem, paths } = resolveContext(
    {
      policy: context.sandboxPolicy,
      policyCwd: context.cwd,
      additionalPermissions: context.grants.current(),
    },
    { tmpdir: context.childEnv["TMPDIR"], home: context.childEnv["HOME"] },
  );
  const real = await realpath(path).catch(() => path);
  for (const each of new Set([path, fromAbsolute(real)])) {
    if (resolveAccess(fileSystem, each, paths) === "none") {
      throw new ToolError("respond", `the sandbox policy does not let \`${path}\` be read`);
    }
  }
}
