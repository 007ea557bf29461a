// The TypeScript examples of a README, and what they say that they print.

export interface ReadmeExample {
  /** 1-based line of the fence in the README. */
  readonly line: number;
  readonly code: string;
  /** What comments after `console.log` promise. */
  readonly promises: readonly string[];
}

export function readmeExamples(readme: string): readonly ReadmeExample[] {
  return [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match) => {
    const code = match[1] ?? "";
    return {
      line: readme.slice(0, match.index).split("\n").length,
      code,
      promises: promisesOf(code),
    };
  });
}

/** A comment at the end of a line that prints, or on the line after it; one in parentheses only explains. */
function promisesOf(code: string): readonly string[] {
  const lines = code.split("\n");
  return lines.flatMap((line, index) => {
    if (!line.includes("console.log(")) return [];
    const own = /\);? \/\/ (.*)$/.exec(line)?.[1];
    const next = /^\s*\/\/ (.*)$/.exec(lines[index + 1] ?? "")?.[1];
    const promise = own ?? (line.trimEnd().endsWith(");") ? next : undefined);
    return promise === undefined || promise.startsWith("(") ? [] : [promise];
  });
}

/**
 * Whether a program printed what a comment promises. Quotes and blanks do not count; what follows an
 * ellipsis, a colon, a semicolon or a comma may be an explanation.
 */
export function isKept(promise: string, output: string): boolean {
  const printed = plain(output);
  return beginnings(promise).some((beginning) => printed.includes(plain(beginning)));
}

function beginnings(promise: string): readonly string[] {
  const ends = [...promise.matchAll(/…|[:;,] /g)].map(({ index }) => index);
  return [promise.length, ...ends.toReversed()]
    .map((end) => promise.slice(0, end).trim())
    .filter((beginning) => beginning !== "");
}

function plain(text: string): string {
  return text.replaceAll(/["'`\s]/g, "");
}
