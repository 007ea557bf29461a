// Code mode for a turn: `exec` and `wait` before the other tools, and the calls that scripts make.
import {
  CodeModeError,
  type CellResponse,
  type CodeModeService,
  describeTool,
  nameTools,
  type NestedToolCall,
  parseSource,
  type ParsedSource,
  responseItems,
  type ToolDefinition,
} from "@codex-ts/code-mode";
import { abortedText } from "./aborted-text.ts";
import { execDescription, execGrammar, waitDescription } from "./code-mode-description.ts";
import { functionSpec } from "./function-spec.ts";
import { type Tool, type ToolCall, ToolError, type ToolPayload, type ToolResult } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

const EXEC = "exec";
const WAIT = "wait";

/** How code mode takes part in a turn. */
export interface CodeModeToolsOptions {
  /** Runs the scripts; it belongs to the session. */
  readonly service: CodeModeService;
  /** The model is offered `exec` and `wait` alone; it learns of the other tools from the text of `exec`. */
  readonly only: boolean;
}

/** The tools of a turn with code mode. */
export interface CodeModeTools {
  /** `exec`, `wait`, then the given tools as the model is to see them. */
  readonly tools: readonly Tool[];
  /** What scripts can call. */
  readonly nested: readonly ToolDefinition[];
  /**
   * The call that a script's call comes to, for the router.
   *
   * @throws ToolError when the turn has no such tool, or the input is not what it takes
   */
  nestedCall(call: NestedToolCall): ToolCall;
}

/**
 * Adds code mode to the tools of a turn. Scripts reach the function and freeform tools that have a
 * spec, those with a deferred one too; what the service runs by itself has no form for scripts.
 */
export function codeModeTools(
  tools: readonly Tool[],
  { service, only }: CodeModeToolsOptions,
): CodeModeTools {
  const nested = tools.flatMap((tool) => definitionOf(tool) ?? []);
  const byName = new Map(nested.map((tool) => [tool.name, tool]));
  const described = new Map(
    nameTools(nested).map((named) => [named.tool.name, describeTool(named)]),
  );
  return {
    nested,
    tools: [
      createExecTool(service, nested, only),
      createWaitTool(service),
      ...tools.map((tool) => (only ? hidden(tool) : documented(tool, described.get(tool.name)))),
    ],
    nestedCall({ name, input }) {
      const tool = byName.get(name);
      if (tool === undefined) {
        throw new ToolError("respond", `tool \`${name}\` is not enabled in exec`);
      }
      return { callId: `exec-${crypto.randomUUID()}`, name, payload: payloadOf(tool, input) };
    },
  };
}

function definitionOf({ name, spec, outputSchema }: Tool): ToolDefinition | null {
  switch (spec?.type) {
    case "function":
      return {
        name,
        description: spec.description,
        kind: "function",
        inputSchema: spec.parameters,
        outputSchema,
      };
    case "custom":
      return { name, description: spec.description, kind: "freeform", outputSchema };
    default:
      return null;
  }
}

function hidden(tool: Tool): Tool {
  return { ...tool, spec: undefined };
}

function documented(tool: Tool, description: string | undefined): Tool {
  if (description === undefined) return tool;
  const { spec } = tool;
  if (spec?.type !== "function" && spec?.type !== "custom") return tool;
  return { ...tool, spec: { ...spec, description } };
}

function payloadOf(tool: ToolDefinition, input: NestedToolCall["input"]): ToolPayload {
  if (tool.kind === "freeform") {
    if (typeof input === "string") return { kind: "custom", input };
    throw new ToolError("respond", `tool \`${tool.name}\` expects a string input`);
  }
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  if (input !== undefined && !isObject) {
    throw new ToolError("respond", `tool \`${tool.name}\` expects a JSON object for arguments`);
  }
  return { kind: "function", arguments: JSON.stringify(input ?? {}) };
}

function createExecTool(
  service: CodeModeService,
  nested: readonly ToolDefinition[],
  only: boolean,
): Tool {
  return {
    name: EXEC,
    spec: {
      type: "custom",
      name: EXEC,
      description: execDescription(only ? nested : null),
      format: { type: "grammar", syntax: "lark", definition: execGrammar },
    },
    parallel: false,
    abortedText,
    accepts: () => true,
    async run({ callId, payload }, { processes }, signal) {
      if (payload.kind !== "custom") {
        throw new ToolError(
          "respond",
          "exec takes a script as free-form input, not JSON arguments",
        );
      }
      const started = processes.now();
      const { code, yieldTimeMs, maxOutputTokens } = parsed(payload.input);
      const response = await service.execute(
        { toolCallId: callId, enabledTools: nested, source: code, yieldTimeMs },
        { signal },
      );
      return resultOf(response, processes.now() - started, maxOutputTokens);
    },
  };
}

function createWaitTool(service: CodeModeService): Tool {
  return {
    name: WAIT,
    spec: functionSpec({
      name: WAIT,
      description: waitDescription,
      properties: {
        cell_id: { type: "string", description: "The cell ID of the running script." },
        yield_time_ms: {
          type: "number",
          description:
            "Milliseconds to wait before answering although the script goes on: 10000 by default.",
        },
        max_tokens: {
          type: "number",
          description: "The longest output to return, in tokens: 10000 by default.",
        },
        terminate: {
          type: "boolean",
          description: "True stops the script instead of waiting for it.",
        },
      },
      required: ["cell_id"],
    }),
    parallel: false,
    abortedText,
    accepts: () => true,
    async run({ payload }, { processes }, signal) {
      if (payload.kind !== "function") {
        throw new ToolError("respond", "wait takes JSON arguments, not free-form input");
      }
      const started = processes.now();
      const args = ToolArguments.parse(payload.arguments);
      const maxTokens = args.optionalCount("max_tokens");
      const response = await service.wait(
        {
          cellId: args.string("cell_id"),
          yieldTimeMs: args.optionalCount("yield_time_ms"),
          terminate: args.optionalBoolean("terminate"),
        },
        { signal },
      );
      return resultOf(response, processes.now() - started, maxTokens);
    },
  };
}

function parsed(input: string): ParsedSource {
  try {
    return parseSource(input);
  } catch (error) {
    if (!(error instanceof CodeModeError)) throw error;
    throw new ToolError("respond", error.message, { cause: error });
  }
}

function resultOf(
  response: CellResponse,
  wallTimeMs: number,
  maxOutputTokens: number | undefined,
): ToolResult {
  const { items, success } = responseItems(response, { wallTimeMs, maxOutputTokens });
  return { body: items, success };
}
