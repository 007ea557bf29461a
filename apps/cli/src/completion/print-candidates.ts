// What completion scripts ask: `codex-ts completion --candidates SHELL =CURRENT WORD…`.
import { buildProgram } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { complete } from "./candidates.ts";
import { dynamicValues } from "./dynamic-values.ts";

/**
 * Answers with a line for each word that fits, its description behind a tab; or with `:files` or
 * `:folders`, where the shell completes better itself. Says nothing rather than anything wrong: whatever
 * goes amiss would land in the middle of somebody's typing.
 */
export async function printCandidates(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const [, , shell = "", marked = "=", ...given] = args;
  const current = marked.slice(1);
  const line = shell === "bash" ? joinAtEquals(given, current) : { words: given, current };
  const found = complete(
    buildProgram(() => {}),
    line.words,
    line.current,
  );
  if (found.kind === "files" || found.kind === "folders") {
    terminal.stdout(`:${found.kind}\n`);
    return 0;
  }
  const words = [...found.words];
  if (found.kind === "dynamic") {
    const values = await dynamicValues(found.of, terminal).catch(() => []);
    words.push(
      ...values.map(({ value, description }) => ({ value: found.prefix + value, description })),
    );
  }
  const lines = words
    .filter(({ value }) => value.startsWith(line.current))
    .map(({ value, description }) => `${value}\t${description}\n`);
  terminal.stdout(lines.join(""));
  return 0;
}

/** bash takes `--model=x` for three words, and completes the last of them alone. */
function joinAtEquals(
  words: readonly string[],
  current: string,
): { readonly words: readonly string[]; readonly current: string } {
  const kept = words.filter((word, at) => word !== "=" || !words[at - 1]?.startsWith("--"));
  return { words: kept, current: current === "=" ? "" : current };
}
