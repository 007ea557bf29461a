import { realpath } from "node:fs/promises";
import nodePath from "node:path";
import { type AbsolutePath, fromAbsolute } from "@codex-ts/absolute-path";
import { Failure } from "./failure.ts";

/** The folder of `-C`, with its links resolved. */
export async function workingFolder(
  flag: string | undefined,
  current: string,
): Promise<AbsolutePath> {
  const folder = nodePath.resolve(current, flag ?? ".");
  try {
    return fromAbsolute(await realpath(folder));
  } catch (error) {
    throw new Failure(
      `the working folder ${folder} cannot be used: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "it does not exist" : (error as Error).message}`,
      { cause: error },
    );
  }
}
