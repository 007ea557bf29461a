import { expect, test } from "vitest";
import {
  AgentPathError,
  joinAgentPath,
  parseAgentPath,
  resolveAgentPath,
  rootAgentPath,
} from "./index.ts";

test("a child's path is its parent's and its name", () => {
  expect(joinAgentPath(rootAgentPath, "worker_1")).toBe("/root/worker_1");
});

test.each(["Bad-Name", "root", "", ".", "..", "a/b"])("%j is not an agent name", (name) => {
  expect(() => joinAgentPath(rootAgentPath, name)).toThrow(AgentPathError);
});

test("a reference is absolute below /root, else relative to the agent that makes it", () => {
  const from = parseAgentPath("/root/x");
  expect(resolveAgentPath("a/b", from)).toBe("/root/x/a/b");
  expect(resolveAgentPath("/root/y", from)).toBe("/root/y");
  expect(() => resolveAgentPath("/other", from)).toThrow(/must start with \/root/);
  expect(() => resolveAgentPath("", from)).toThrow(/cannot be empty/);
});
