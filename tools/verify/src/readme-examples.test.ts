import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readWorkspace } from "@codex-ts/boundaries";
import { message, respond, startScriptedModel } from "@codex-ts/scripted-model";
import { temporaryHome } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";
import { isKept, readmeExamples } from "./readme-examples.ts";

const root = resolve(import.meta.dirname, "../../..");
const packages = readWorkspace(root).packages.filter(({ folder }) =>
  folder.startsWith("packages/"),
);

describe("what a comment promises", () => {
  test.each<readonly [promise: string, output: string, kept: boolean]>([
    ["true", "true\n", true],
    ["true false", "true\n", false],
    ['{ kind: "run" }', "{ kind: 'run' }\n", true],
    ["stdout hello", "stdout  hello\n", true],
    ["true: it needs the other", "true\n", true],
    ["Success. Updated …", "Success. Updated the following files:\n", true],
    ["gone", "", false],
  ])("%s", (promise, output, kept) => {
    expect(isKept(promise, output)).toBe(kept);
  });

  test("is found after the call and on the next line", () => {
    const readme =
      "# x\n\n```ts\nconsole.log(1); // 1\nconsole.log(2);\n// 2\nconst x = 3; // no\nconsole.log(4); // (no)\n```\n";
    expect(readmeExamples(readme)).toEqual([
      {
        line: 3,
        code: "console.log(1); // 1\nconsole.log(2);\n// 2\nconst x = 3; // no\nconsole.log(4); // (no)\n",
        promises: ["1", "2"],
      },
    ]);
  });
});

const examples = packages.flatMap(({ name, folder, readme = "" }) =>
  readmeExamples(readme).map((example) => ({ ...example, name, folder })),
);

test("every library has an example", () => {
  const without = packages.filter(({ name }) => !examples.some((one) => one.name === name));
  expect(without.map(({ name }) => name)).toEqual([]);
});

/** Runs where the package's own dependencies are found, and nothing else is touched. */
test.each(examples)(
  "$name: the example of line $line runs and prints what it says",
  async (one) => {
    await using home = await temporaryHome();
    await using model = await startScriptedModel({ script: [respond([message("Hello!")])] });
    const folder = join(root, one.folder, "dist", "readme");
    const file = join(folder, `example-${one.line}.ts`);
    await mkdir(folder, { recursive: true });
    await writeFile(file, one.code);
    try {
      const result = await runCommand(
        [process.execPath, "--conditions=@codex-ts/source", "--no-warnings", file],
        {
          cwd: home.path,
          timeout: 25_000,
          env: {
            PATH: process.env["PATH"],
            HOME: home.path,
            OPENAI_BASE_URL: model.url,
            OPENAI_API_KEY: "sk-example",
          },
        },
      );
      expect({ exitCode: result.exitCode, output: result.output }).toEqual({
        exitCode: 0,
        output: result.output,
      });
      const broken = one.promises.filter((promise) => !isKept(promise, result.stdout));
      expect({ broken, printed: result.stdout }).toEqual({ broken: [], printed: result.stdout });
    } finally {
      await rm(file);
    }
  },
);
