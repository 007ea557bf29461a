import { readFile, readdir } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { type AbsolutePath } from "@codex-ts/absolute-path";
import { abs } from "./abs.ts";

/**
 * The regular files below `directory` whose content or name holds `needle`, sorted: where did a
 * planted secret end up? Symbolic links are not followed.
 */
export async function searchTree(
  directory: string,
  needle: string | Uint8Array,
): Promise<AbsolutePath[]> {
  const bytes = Buffer.from(needle);
  if (bytes.length === 0) throw new Error("an empty needle is in every file");
  const found: AbsolutePath[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = joinPath(entry.parentPath, entry.name);
    if (Buffer.from(path).includes(bytes) || (await readFile(path)).includes(bytes)) {
      found.push(abs(path));
    }
  }
  return found.sort();
}
