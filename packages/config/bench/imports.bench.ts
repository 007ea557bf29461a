// What it costs a program to import these packages, as they are published: build them first.
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import nodePath from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const benchmark = {
  name: "config-imports",
  question: "Are features and config imported in 30 ms at most each?",
  rounds: 15,
  subjects: ({ root }: { readonly root: string }) =>
    Promise.all(
      ["features", "config"].map(async (name) => {
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
