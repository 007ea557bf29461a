import { runReadmeExample } from "@codex-ts/test-support";
import { expect, test } from "vitest";

test("the README's example says what its comments say", async () => {
  const { code, stdout, stderr } = await runReadmeExample(
    new URL("../README.md", import.meta.url),
    (specifier) => import.meta.resolve(specifier),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(
    "true\nfalse\n`[features].collab` is deprecated; use `[features].multi_agent`.\n",
  );
});
