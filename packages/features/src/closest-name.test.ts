import { expect, test } from "vitest";
import { closestName, knownFeatureKeys } from "./index.ts";

test.each([
  ["unified-exec", "unified_exec"],
  ["UnifiedExec", "unified_exec"],
  ["unifed_exec", "unified_exec"],
  ["shel_tool", "shell_tool"],
  ["udno", "undo"],
  ["plugin", "plugins"],
])("%s was probably meant to be %s", (typed, meant) => {
  expect(closestName(typed, knownFeatureKeys())).toBe(meant);
});

test.each(["", "does_not_exist_at_all", "x".repeat(10_000)])("nothing is close to %j", (typed) => {
  expect(closestName(typed, knownFeatureKeys())).toBeUndefined();
});

test("of equally close names the first wins, and a name is closest to itself", () => {
  expect(closestName("cat", ["bat", "hat"])).toBe("bat");
  const keys = knownFeatureKeys();
  expect(keys.map((key) => closestName(key, keys))).toEqual(keys);
});
