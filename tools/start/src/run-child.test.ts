import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const module = pathToFileURL(join(import.meta.dirname, "run-child.ts")).href;

/** Runs `script` as the child of a process that does nothing but `runChild`. */
function runUnder(script: string) {
  const parent = `
    import { runChild } from ${JSON.stringify(module)};
    process.exitCode = await runChild(process.execPath, ["-e", ${JSON.stringify(script)}]);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", parent], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = new Promise<number | null>((settle) => {
    child.on("close", settle);
  });
  const said = (text: string) =>
    new Promise<void>((settle) => {
      child.stdout.on("data", () => {
        if (output.includes(text)) settle();
      });
    });
  return { child, ended, said, output: () => output };
}

test("the exit code is the child's", async () => {
  expect(await runUnder("process.exitCode = 7").ended).toBe(7);
});

test("input and output are the child's", async () => {
  const { child, ended, output } = runUnder("process.stdin.pipe(process.stdout)");
  child.stdin.end("through");
  expect(await ended).toBe(0);
  expect(output()).toBe("through");
});

test("a signal reaches the child, which decides how to end", async () => {
  const { child, ended, said } = runUnder(
    'process.on("SIGTERM", () => process.exit(3)); setInterval(() => {}, 1000); console.log("ready")',
  );
  await said("ready");
  child.kill("SIGTERM");
  expect(await ended).toBe(3);
});

test("a child that a signal ends gives 128 and the signal's number", async () => {
  expect(await runUnder('process.kill(process.pid, "SIGKILL")').ended).toBe(137);
});
