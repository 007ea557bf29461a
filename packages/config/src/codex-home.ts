// The folder that holds everything of a person: settings, credentials, sessions.
import nodeFs from "node:fs/promises";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { ConfigError } from "./errors.ts";

/** An environment; variables that are unset may be missing or `undefined`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `CODEX_HOME` when it is set and not empty: it must be an existing folder and is returned with its
 * symbolic links resolved. Otherwise `.codex` in the person's home folder, which need not exist.
 *
 * @throws ConfigError `bad_codex_home` with the value and what is wrong with it.
 */
export async function findCodexHome(env: Environment, osHome: string): Promise<AbsolutePath> {
  const value = env["CODEX_HOME"];
  if (value === undefined || value === "") {
    if (osHome === "") {
      throw new ConfigError(
        "bad_codex_home",
        "the home folder of this account is unknown; set CODEX_HOME to an existing folder",
      );
    }
    return join(fromAbsolute(osHome), ".codex");
  }
  const refuse = (problem: string, cause?: unknown): ConfigError =>
    new ConfigError(
      "bad_codex_home",
      `CODEX_HOME is ${JSON.stringify(value)}, ${problem}; set it to an existing folder, or unset it to use ~/.codex`,
      { cause },
    );
  let isFolder: boolean;
  let real: string;
  try {
    real = await nodeFs.realpath(value);
    isFolder = (await nodeFs.stat(real)).isDirectory();
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw refuse(isMissing ? "which does not exist" : "which cannot be read", error);
  }
  if (!isFolder) throw refuse("which is not a folder");
  return fromAbsolute(real);
}
