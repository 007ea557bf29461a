// Which tool calls lifecycle hooks see, and what of them: the page HOOKS.md, made from the registry.
import { createCodeModeService } from "@codex-ts/code-mode";
import type { ModelInfo } from "@codex-ts/protocol";
import { codeModeTools } from "../src/code-mode-tools.ts";
import { hookSubject } from "../src/hook-subject.ts";
import { selectTools, type ToolSelection } from "../src/select-tools.ts";
import type { Tool, ToolCall } from "../src/tool.ts";

/** What hooks see of the calls of one tool. */
interface HookCoverage {
  readonly tool: string;
  /** `tool_name` of the payload, which matchers are for. */
  readonly toolName: string;
  /** What else a matcher may call it. */
  readonly otherNames: readonly string[];
  /** What `tool_input` holds. */
  readonly toolInput: string;
  /** When PreToolUse runs; when it never does, why. */
  readonly before: string;
  /** When PostToolUse runs, and what `tool_response` holds; when it never does, why. */
  readonly after: string;
}

const HOSTED = "never: the provider runs it, and no call comes here";
const END = "when the command has ended: what it printed, or `{ exit_code, output }` if it failed";

/** Where it is another moment than that of {@link AFTER_SUCCESS}. */
const afterOf: ReadonlyMap<string, string> = new Map([
  ["shell", END],
  ["container.exec", END],
  ["local_shell", END],
  ["shell_command", END],
  ["exec_command", `${END}; not in a terminal`],
  [
    "write_stdin",
    "when it sees the end of a command: as `Bash`, with the command and the id of the call that began it",
  ],
]);
const AFTER_SUCCESS = "when it succeeds: its output";

/** One row a tool, in the order of `tools`. */
function hookCoverage(tools: readonly Tool[]): readonly HookCoverage[] {
  return tools.map((tool) => {
    const subject = hookSubject(sampleCall(tool));
    if (subject === null)
      throw new Error(`no payload that hooks can read is known for ${tool.name}`);
    const isHosted = tool.spec?.type === "web_search";
    return {
      tool: tool.name,
      toolName: subject.toolName,
      otherNames: subject.aliases,
      toolInput:
        subject.command !== null
          ? "`{ command }`"
          : takesText(tool)
            ? "`{ input }`: the text"
            : "its arguments",
      before: isHosted ? HOSTED : "before it runs, and before anyone is asked for approval",
      after: isHosted ? HOSTED : (afterOf.get(tool.name) ?? AFTER_SUCCESS),
    };
  });
}

function takesText({ spec }: Tool): boolean {
  return spec?.type === "custom";
}

function sampleCall(tool: Tool): ToolCall {
  const script = "true";
  const argv = [script];
  const args = tool.name === "shell_command" ? { command: script } : { cmd: script, command: argv };
  return {
    callId: "",
    name: tool.name,
    payload: takesText(tool)
      ? { kind: "custom", input: "" }
      : { kind: "function", arguments: JSON.stringify(args) },
  };
}

/** The table as Markdown. */
function coverageTable(rows: readonly HookCoverage[]): string {
  const code = (name: string): string => `\`${name}\``;
  const lines = rows.map((row) =>
    [
      code(row.tool),
      [row.toolName, ...row.otherNames.filter((name) => name !== row.toolName)]
        .map(code)
        .join(", "),
      row.toolInput,
      row.before,
      row.after,
    ].join(" | "),
  );
  return [
    "tool | names for matchers | `tool_input` | PreToolUse | PostToolUse, `tool_response`",
    "--- | --- | --- | --- | ---",
    ...lines,
  ]
    .map((line) => `| ${line} |\n`)
    .join("");
}

const model: ModelInfo = {
  slug: "any",
  display_name: "Any",
  base_instructions: "",
  supported_reasoning_levels: [],
  shell_type: "default",
  visibility: "list",
  supported_in_api: true,
  priority: 0,
  supports_reasoning_summaries: false,
  support_verbosity: false,
  apply_patch_tool_type: "freeform",
  truncation_policy: { mode: "tokens", limit: 10_000 },
  supports_parallel_tool_calls: true,
  experimental_supported_tools: ["list_dir", "test_sync_tool"],
};

/** Everything that can be switched on, is. */
const everything: Required<ToolSelection> = {
  model,
  shellTool: true,
  unifiedExec: true,
  applyPatchFreeform: true,
  allowLoginShell: true,
  webSearch: "live",
  webSearchSettings: undefined,
  requestPermissions: true,
  requestUserInput: "every_mode",
  execPermissionApprovals: true,
  imageDetailOriginal: true,
  approvePatchesInside: true,
  rules: undefined,
};

/** Stands for the tools that come from outside: MCP servers, and programs that embed the engine. */
const foreign: Tool = {
  name: "mcp__SERVER__TOOL",
  parallel: false,
  abortedText: () => "",
  accepts: () => true,
  run: () => Promise.reject(new Error("only for the table")),
};

/** Every tool that a turn can have, each once. */
async function everyTool(): Promise<readonly Tool[]> {
  const service = createCodeModeService();
  const { tools } = codeModeTools(selectTools(everything), { service, only: false });
  await service[Symbol.asyncDispose]();
  return [...tools, foreign];
}

/** The page as it should be. */
export async function hookCoveragePage(): Promise<string> {
  const rows = hookCoverage(await everyTool());
  return `# Tools and lifecycle hooks

What [lifecycle hooks](../hooks) see of the calls of each tool. Made from the tools themselves by \`pnpm hooks\` in this folder; a test compares.

${coverageTable(rows)}
- A call whose arguments do not parse is answered by its tool, and hooks hear nothing of it. A call that a person refuses, or that fails before it has a result, has no PostToolUse.
- A call that a script of code mode makes is a call like any other, with an id of its own; the script itself is one of \`exec\`.
- A command line that holds a patch also answers to \`apply_patch\`, \`Edit\` and \`Write\`.
- Tools of MCP servers and of an embedding program go by their own names; so \`mcp__docs__.*\` is for all tools of the server \`docs\`.
- SessionStart, UserPromptSubmit and Stop belong to no tool.
`;
}
