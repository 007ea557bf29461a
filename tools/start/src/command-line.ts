/**
 * What `codex-ts` is called with: nothing starts the demo, one text with a space in it is a prompt,
 * everything else is passed on.
 *
 * @param given - the arguments of `pnpm start`, with or without a leading `--`
 */
export function commandLine(given: readonly string[]): string[] {
  const args = given[0] === "--" ? given.slice(1) : [...given];
  const [only] = args;
  if (only === undefined) return ["demo"];
  return args.length === 1 && /\s/.test(only.trim()) ? ["exec", only] : args;
}
