// Files without a name, for what a child is to read or to report.
import { mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import nodePath from "node:path";

/** Opens an empty file in a folder of its own that is gone at once. The caller closes it. */
export function openUnnamedFile(): number {
  const folder = mkdtempSync(nodePath.join(tmpdir(), "codex-ts-"));
  try {
    return openSync(nodePath.join(folder, "scratch"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const maxBytes = 64 * 1024;

/** The text at the start of `fd` (64 KiB at most), wherever the descriptor's position is. */
export function readFromStart(fd: number): string {
  const buffer = Buffer.allocUnsafe(maxBytes);
  return buffer.toString("utf8", 0, readSync(fd, buffer, 0, maxBytes, /*position*/ 0));
}
