// Real pipes. What Node makes for a child is a socket pair, which a script cannot open again by
// /dev/stdout and which a program behind a system call filter cannot recognise.
import { constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import type { NativeDescriptors, PipeEnds } from "./native-descriptors.ts";
import { ExecError } from "./environment.ts";

/** Pipes without the C library: named ones, whose names are gone at once. */
async function openNamedPipes(count: number): Promise<readonly PipeEnds[]> {
  const folder = mkdtempSync(nodePath.join(tmpdir(), "codex-ts-"));
  try {
    const names = Array.from({ length: count }, (_, index) => nodePath.join(folder, String(index)));
    const { execFile } = process.getBuiltinModule("node:child_process");
    await process.getBuiltinModule("node:util").promisify(execFile)("mkfifo", [
      "-m",
      "600",
      ...names,
    ]);
    return names.map((name) => {
      // The reading end first, and without waiting for a writer.
      const readFd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
      return { readFd, writeFd: openSync(name, constants.O_WRONLY) };
    });
  } catch (error) {
    throw new ExecError("pipes_unavailable", "no pipes can be made for the command's output", {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Opens `count` pipes, each end closed on exec; the caller closes both ends. */
export async function openPipes(
  count: number,
  native: NativeDescriptors | null,
): Promise<readonly PipeEnds[]> {
  if (native === null) return openNamedPipes(count);
  return Array.from({ length: count }, () => native.openPipe());
}
