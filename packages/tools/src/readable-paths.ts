// What the tools that read files in this process may show: what a confined command could read as well.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { type FileReader, localFiles } from "@codex-ts/apply-patch";
import { type EnvironmentFiles, type OpenedFile, openLocalFile } from "@codex-ts/exec-server";
import type { PathAccess } from "@codex-ts/sandboxing";
import { ToolError } from "./tool.ts";

/**
 * Opens a file or folder that may be read: by its name, and by where it really is once it is open, so
 * that swapping something on the way for a link meanwhile opens nothing.
 *
 * @throws ToolError when the policy denies it; what node:fs throws when it cannot be opened.
 */
export async function openReadable(
  path: AbsolutePath,
  access: PathAccess,
  files: EnvironmentFiles,
): Promise<OpenedFile> {
  if (!access.mayRead(path)) throw denied(path);
  const file = await files.open(path);
  if (access.mayReadReal(file.path)) return file;
  await file[Symbol.asyncDispose]();
  throw denied(path);
}

function denied(path: AbsolutePath): ToolError {
  return new ToolError("respond", `the sandbox policy does not let \`${path}\` be read`);
}

/** Files as patches read them; one that may not be read rejects with a {@link ToolError}. */
export function readableFiles(access: PathAccess): FileReader {
  const { realPath } = localFiles();
  return {
    realPath,
    async read(path, signal) {
      await using file = await openReadable(path, access, { open: openLocalFile });
      if (file.kind === "directory") throw systemError("EISDIR", "is a directory");
      if (file.kind !== "file") throw systemError("EINVAL", "not a regular file");
      return { bytes: await file.read(signal), mode: file.mode };
    },
  };
}

function systemError(code: string, reason: string): Error {
  return Object.assign(new Error(`${code}: ${reason}`), { code });
}
