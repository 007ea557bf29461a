import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the example with the AI SDK's tool shape runs, prints its answer and ends by itself", async () => {
  const file = fileURLToPath(new URL("../examples/ai-sdk.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@codex-ts/source",
    file,
  ]);
  expect(stdout).toBe(`{ texts: [ '["Lisbon",6]' ] }\n`);
});

test("the example of the README runs as it stands there, and prints what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, example = ""] = /^```ts\n([^]*?)^```$/m.exec(readme) ?? [];
  const [, promised = ""] = /^console\.log\(result\); \/\/ (.*)$/m.exec(example) ?? [];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      "--conditions=@codex-ts/source",
      "--disable-warning=ExperimentalWarning",
      "--input-type=module-typescript",
      "--eval",
      example.replace("console.log(result)", "console.log(JSON.stringify(result))"),
    ],
    { cwd: fileURLToPath(new URL("..", import.meta.url)) },
  );
  const result: unknown = JSON.parse(stdout);
  expect(result).toEqual({
    status: "completed",
    contentItems: [{ type: "input_text", text: "[2,4,6]" }],
  });
  expect(promised).toBe(
    '{ status: "completed", contentItems: [{ type: "input_text", text: "[2,4,6]" }] }',
  );
});
