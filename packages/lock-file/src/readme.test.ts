import { runReadmeExample, temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";

test("the README's example counts one more at each run", async () => {
  await using folder = await temporaryDirectory();
  const readme = new URL("../README.md", import.meta.url);
  const run = () =>
    runReadmeExample(readme, (specifier) => import.meta.resolve(specifier), { cwd: folder.path });
  const counts = [await run(), await run()].map(({ stdout }) => stdout);
  expect(counts).toEqual(["1\n", "2\n"]);
});
