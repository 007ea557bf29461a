import { describe, expect, test } from "vitest";
import { hookSubject, type ToolCall } from "./index.ts";

const call = (name: string, args: object): ToolCall => ({
  callId: "c",
  name,
  payload: { kind: "function", arguments: JSON.stringify(args) },
});

describe("what a hook is told", () => {
  test("the command line of a command, quoted where it was a list of words", () => {
    expect(hookSubject(call("exec_command", { cmd: "echo a b" }))?.toolInput).toEqual({
      command: "echo a b",
    });
    expect(hookSubject(call("shell", { command: ["echo", "a b"] }))?.toolInput).toEqual({
      command: "echo 'a b'",
    });
  });

  test("of a command that holds a patch, by the names of patches too", () => {
    const cmd = "apply_patch <<'EOF'\n*** Begin Patch\n*** End Patch\nEOF";
    expect(hookSubject(call("exec_command", { cmd }))).toEqual({
      callId: "c",
      toolName: "Bash",
      toolInput: { command: cmd },
      aliases: ["exec_command", "apply_patch", "Edit", "Write"],
      command: cmd,
    });
  });

  test("the arguments of any other tool, and the text of a freeform one", () => {
    expect(hookSubject(call("update_plan", { plan: [] }))?.toolInput).toEqual({ plan: [] });
    const patch: ToolCall = {
      callId: "c",
      name: "apply_patch",
      payload: { kind: "custom", input: "*** Begin Patch" },
    };
    expect(hookSubject(patch)?.toolInput).toEqual({ input: "*** Begin Patch" });
  });

  test("nothing of arguments that do not parse: the tool reports those itself", () => {
    const broken = { ...call("exec_command", {}), payload: { kind: "function", arguments: "{" } };
    expect(hookSubject(broken as ToolCall)).toBeNull();
    expect(hookSubject(call("exec_command", {}))).toBeNull();
    expect(hookSubject(call("shell", { command: "ls" }))).toBeNull();
  });
});
