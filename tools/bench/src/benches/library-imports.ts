// What it costs a program to import a library, as it is published: build them first.
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import nodePath from "node:path";
import { promisify } from "node:util";
import type { Benchmark } from "../benchmark.ts";

const run = promisify(execFile);

export const benchmark: Benchmark = {
  name: "library-imports",
  question: "Are features, config and git-utils imported in 30 ms at most each?",
  subjects: ({ root }) =>
    Promise.all(
      ["features", "config", "git-utils", "skills"].map(async (name) => {
        const entry = nodePath.join(root, "packages", name, "dist/index.js");
        await access(entry).catch(() => {
          throw new Error(`${entry} is not there: run \`pnpm build\` first`);
        });
        const program = `const start = performance.now();
          await import(${JSON.stringify(entry)});
          console.log(performance.now() - start);`;
        return {
          name: `import ${name}`,
          async sample() {
            const args = ["--input-type=module", "-e", program];
            return Number((await run(process.execPath, args)).stdout);
          },
        };
      }),
    ),
};
