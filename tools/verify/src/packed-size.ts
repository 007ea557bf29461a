// What a library weighs as it is published.
import { stat } from "node:fs/promises";
import type { PackedPackage } from "./pack.ts";
import { oneCheck } from "./step.ts";
import type { StepResult } from "./step.ts";

/** In bytes. A library beyond it does more than one job, or carries what nobody asked for. */
export const packedSizeLimit = 150 * 1024;

/** Whether each library keeps the limit; a program may weigh what it needs. */
export async function checkSizes(packed: readonly PackedPackage[]): Promise<StepResult> {
  const libraries = packed.filter(({ entries }) => entries.length > 0);
  const sizes = await Promise.all(
    libraries.map(async ({ found, tarball }) => ({
      name: found.name,
      size: (await stat(tarball)).size,
    })),
  );
  const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KB`;
  const tooLarge = sizes.filter(({ size }) => size > packedSizeLimit);
  return oneCheck(tooLarge.length === 0, {
    note: `${libraries.length} libraries, ${kilobytes(Math.max(0, ...sizes.map(({ size }) => size)))} at most`,
    output: tooLarge
      .map(
        ({ name, size }) =>
          `${name} weighs ${kilobytes(size)} packed, and may weigh ${kilobytes(packedSizeLimit)}: see what \`pnpm pack\` lists, and take out of "files" what no consumer needs`,
      )
      .join("\n"),
  });
}
