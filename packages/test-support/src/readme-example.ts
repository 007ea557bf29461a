// Runs the example of a README as a program of its own.
import { readFile } from "node:fs/promises";
import { type ProcessResult, runProcess } from "./process.ts";

/**
 * Runs the first TypeScript example of a README.
 *
 * @param readme The README's address.
 * @param resolve `import.meta.resolve` of the test, to find what the example imports.
 */
export async function runReadmeExample(
  readme: URL,
  resolve: (specifier: string) => string,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ProcessResult> {
  const example = /```ts\n([\s\S]*?)```/.exec(await readFile(readme, "utf8"))?.[1];
  if (example === undefined) throw new Error(`${readme.pathname} has no TypeScript example`);
  const program = example.replaceAll(/ from "(@codex-ts\/[^"]+)"/g, (_, specifier: string) => {
    return ` from ${JSON.stringify(resolve(specifier))}`;
  });
  const flags = [
    "--conditions=@codex-ts/source",
    "--no-warnings",
    "--input-type=module-typescript",
  ];
  return runProcess([process.execPath, ...flags, "-e", program], options);
}
