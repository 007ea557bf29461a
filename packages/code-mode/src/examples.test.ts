import { execFile } from "node:child_process";
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
