// `exec PROMPT resume …`: a grammar that the parser does not know.

/**
 * `exec PROMPT resume …` means `exec resume … PROMPT`: the first word of exec is a prompt even when
 * `resume` follows it. `valueFlags` tell the words of `exec` from their values.
 */
export function moveResumeToFront(
  args: readonly string[],
  valueFlags: ReadonlySet<string>,
): readonly string[] {
  const start = args.findIndex((arg) => arg === "exec" || arg === "e");
  if (start < 0) return args;
  const words: number[] = [];
  for (let index = start + 1; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") break;
    if (valueFlags.has(arg)) index += 1;
    else if (!arg.startsWith("-") || arg === "-") words.push(index);
  }
  const [prompt, resume] = words;
  if (prompt === undefined || resume === undefined || args[resume] !== "resume") return args;
  if (args[prompt] === "resume") return args;
  const rest = [...args.slice(0, prompt), ...args.slice(prompt + 1)];
  const hasOwnPrompt = words.length > 3 || (words.length > 2 && args.includes("--last"));
  return hasOwnPrompt ? rest : [...rest, "--", args[prompt] ?? ""];
}
