import { describe, expect, test } from "vitest";
import { hookSubject, selectTools, type ToolCall } from "./index.ts";

const call = (name: string, args: object): ToolCall => ({
  callId: "c",
  name,
  payload: { kind: "function", arguments: JSON.stringify(args) },
});

test("every tool there is can be hooked, under these names", () => {
  const tools = selectTools({
    model: {
      slug: "m",
      display_name: "M",
      base_instructions: "",
      supported_reasoning_levels: [],
      shell_type: "shell_command",
      visibility: "list",
      supported_in_api: true,
      priority: 0,
      supports_reasoning_summaries: false,
      support_verbosity: false,
      truncation_policy: { mode: "tokens", limit: 10_000 },
      supports_parallel_tool_calls: true,
      experimental_supported_tools: ["test_sync_tool"],
    },
    shellTool: true,
    unifiedExec: true,
    applyPatchFreeform: true,
    allowLoginShell: true,
    webSearch: "disabled",
  });
  const table = tools.map(({ name }) => {
    const args = name === "shell_command" ? { command: "ls" } : { command: ["ls"], cmd: "ls" };
    const subject = hookSubject(call(name, args));
    return [name, subject?.toolName, ...(subject?.aliases ?? [])];
  });
  expect(table).toEqual([
    ["exec_command", "Bash", "exec_command"],
    ["write_stdin", "write_stdin"],
    ["update_plan", "update_plan", "TodoWrite"],
    ["apply_patch", "apply_patch", "Edit", "Write"],
    ["test_sync_tool", "test_sync_tool"],
    ["view_image", "view_image", "Read"],
    ["shell", "Bash", "shell"],
    ["container.exec", "Bash", "container.exec"],
    ["local_shell", "Bash", "local_shell"],
    ["shell_command", "Bash", "shell_command"],
  ]);
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
