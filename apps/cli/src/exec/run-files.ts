// The files that a run is given: images and an output schema.
import { readFile, stat } from "node:fs/promises";
import nodePath from "node:path";
import type { JsonValue, UserInput } from "@codex-ts/protocol";
import { Failure } from "../failure.ts";

/** The images as inputs, in order. A missing file is wrong usage: it is found before anything runs. */
export async function readImages(
  paths: readonly string[],
  cwd: string,
): Promise<readonly UserInput[]> {
  return Promise.all(
    paths.map(async (path): Promise<UserInput> => {
      const file = nodePath.resolve(cwd, path);
      const found = await stat(file).catch(() => null);
      if (found === null || !found.isFile()) {
        throw new Failure(
          `the image ${file} ${found === null ? "does not exist" : "is not a file"}`,
          { exitCode: 2 },
        );
      }
      return { type: "local_image", path: file };
    }),
  );
}

/** The JSON Schema of the last message; null when none is asked for. */
export async function readOutputSchema(path: string | undefined, cwd: string): Promise<JsonValue> {
  if (path === undefined) return null;
  const file = nodePath.resolve(cwd, path);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read: ${message}`;
    throw new Failure(`the output schema ${file} ${why}`, { cause: error });
  }
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new Failure(`the output schema ${file} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
