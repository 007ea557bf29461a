import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { createSandbox } from "./create-sandbox.ts";

const runFile = promisify(execFile);
const sandbox = createSandbox({ env: process.env });
const { step } = await sandbox.report();
await sandbox[Symbol.asyncDispose]();

describe.skipIf(step === "none")("the README's example", () => {
  test("has at most fifteen lines, and does what it says", async () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    expect(example.trim().split("\n").length).toBeLessThanOrEqual(15);
    const program = example
      .replace('"@codex-ts/sandboxing"', JSON.stringify(new URL("index.ts", import.meta.url).href))
      .replace(
        '"@codex-ts/absolute-path"',
        JSON.stringify(import.meta.resolve("@codex-ts/absolute-path")),
      );
    const cwd = realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-readme-`));
    try {
      const { stdout, stderr } = await runFile(
        process.execPath,
        [
          "--conditions=@codex-ts/source",
          "--no-warnings",
          "--input-type=module-typescript",
          "-e",
          program,
        ],
        { cwd },
      );
      expect(stdout).toBe("{ code: 1, signal: null }\n");
      expect(stderr).toMatch(/touch: .*\/etc\/not-allowed/);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});
