// `$CODEX_HOME/.env`: variables that a person wants in every run.
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import type { Environment } from "./codex-home.ts";
import { type ReadFile, readFileFromDisk, readText } from "./layers.ts";

/**
 * `env` with the variables of `$CODEX_HOME/.env` set on top. Names that begin with `CODEX_`, in any
 * case, are left out: a file must not move the home that it was read from. A file that is missing or
 * unreadable changes nothing. Values are taken as written; `$NAME` in them is not expanded.
 */
export async function loadDotenv(options: {
  readonly codexHome: AbsolutePath;
  readonly env: Environment;
  readonly readFile?: ReadFile | undefined;
}): Promise<Environment> {
  const { codexHome, env, readFile = readFileFromDisk } = options;
  const text = await readText(join(codexHome, ".env"), readFile).catch(() => undefined);
  if (text === undefined) return env;
  const { parseEnv } = await import("node:util");
  const kept = Object.entries(parseEnv(text)).filter(
    ([name]) => !name.toUpperCase().startsWith("CODEX_"),
  );
  return { ...env, ...Object.fromEntries(kept) };
}
