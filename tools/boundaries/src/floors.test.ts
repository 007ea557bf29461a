import { expect, test } from "vitest";
import { allowanceOf, floorRows } from "./floors.ts";

test("every package that a row names has a row itself, on a lower floor", () => {
  for (const row of floorRows) {
    if (row.mayImport === "any") continue;
    for (const item of row.mayImport) {
      if (typeof item !== "string") continue;
      const target = floorRows.find(({ name }) => name === item);
      expect(target, `${row.name} names ${item}`).toBeDefined();
      expect(target?.floor, `${row.name} names ${item}`).toBeLessThan(row.floor ?? Infinity);
    }
  }
});

test("a range of floors leaves out what is for development and what the row excepts", () => {
  const source = allowanceOf("packages/tools")?.source;
  expect([...(source ?? [])].toSorted()).toEqual([
    "absolute-path",
    "app-server-protocol",
    "apply-patch",
    "code-mode",
    "exec-policy",
    "exec-server",
    "features",
    "git-utils",
    "hooks",
    "http-client",
    "lock-file",
    "mcp-client",
    "model-providers",
    "protocol",
    "responses-client",
    "rollout",
    "sandboxing",
    "shell-command",
    "skills",
    "telemetry",
  ]);
});

test("tests may use the development packages, source may not", () => {
  const allowance = allowanceOf("packages/features");
  expect([...(allowance?.source ?? [])]).toEqual(["protocol"]);
  expect([...(allowance?.tests ?? [])].toSorted()).toEqual([
    "protocol",
    "scripted-model",
    "test-support",
  ]);
});

test("the command line may import every library, the scripted model included, but not test-support", () => {
  const source = allowanceOf("apps/cli")?.source;
  expect(source?.has("core")).toBe(true);
  expect(source?.has("scripted-model")).toBe(true);
  expect(source?.has("test-support")).toBe(false);
});

test("core may import every library below it and none above", () => {
  const source = allowanceOf("packages/core")?.source;
  expect(source?.has("tools")).toBe(true);
  expect(source?.has("login")).toBe(true);
  expect(source?.has("app-server")).toBe(false);
  expect(source?.has("core")).toBe(false);
});

test("a folder without a row has no allowance", () => {
  expect(allowanceOf("packages/unheard-of")).toBeUndefined();
});
