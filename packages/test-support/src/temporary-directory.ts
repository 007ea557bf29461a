import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join as joinPath } from "node:path";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { abs } from "./abs.ts";

/** Relative path → content. Folders in between are made. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A new empty folder that is removed, with everything in it, when it is disposed. */
export interface TemporaryDirectory extends AsyncDisposable {
  /** Free of symbolic links. */
  readonly path: AbsolutePath;
  /** The path of `name` (which may hold slashes) in the folder. */
  join(name: string): AbsolutePath;
  write(files: Files): Promise<void>;
}

export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = abs(await realpath(await mkdtemp(joinPath(tmpdir(), "codex-ts-test-"))));
  return {
    path,
    join: (name) => join(path, name),
    async write(files) {
      for (const [name, content] of Object.entries(files)) {
        const file = join(path, name);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
      }
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A home folder of a person who has never run the program: `.codex` exists and is empty. */
export interface TemporaryHome extends TemporaryDirectory {
  readonly codexHome: AbsolutePath;
  /** The variables that point at it; spread them over the environment of a child process. */
  readonly env: { readonly HOME: AbsolutePath; readonly CODEX_HOME: AbsolutePath };
}

export async function temporaryHome(): Promise<TemporaryHome> {
  const directory = await temporaryDirectory();
  const codexHome = directory.join(".codex");
  await mkdir(codexHome);
  return { ...directory, codexHome, env: { HOME: directory.path, CODEX_HOME: codexHome } };
}
