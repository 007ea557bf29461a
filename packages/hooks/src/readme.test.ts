import { readFile } from "node:fs/promises";
import { runProcess, temporaryHome } from "@codex-ts/test-support";
import { expect, test } from "vitest";

test("the README's example does what it says, in a program that has nothing else", async () => {
  await using home = await temporaryHome();
  await home.write({
    ".codex/hooks.json": JSON.stringify({ hooks: { PreToolUse: [{ hooks: [{ type: "x" }] }] } }),
  });
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const program = example
    .replace('"@codex-ts/hooks"', JSON.stringify(new URL("./index.ts", import.meta.url).href))
    .replace(
      '"@codex-ts/absolute-path"',
      JSON.stringify(import.meta.resolve("@codex-ts/absolute-path")),
    );
  const { code, stdout, stderr } = await runProcess(
    [
      process.execPath,
      "--conditions=@codex-ts/source",
      "--no-warnings",
      "--input-type=module-typescript",
      "-e",
      program,
    ],
    { env: { ...process.env, ...home.env } },
  );
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: "too much\n",
    stderr: `A PreToolUse hook in ${home.codexHome}/hooks.json, line 1, is skipped: hooks of the type "x" are not supported; only "command" is\n`,
  });
});
