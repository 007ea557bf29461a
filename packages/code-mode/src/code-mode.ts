/** Scripts over a program's own functions: the service with everything around it done. */
import type { CellError, ContentItem } from "./content.ts";
import { CodeModeError } from "./errors.ts";
import { renderToolSections, scriptInstructions } from "./instructions.ts";
import type { ToolDefinition } from "./prepared-tools.ts";
import { createCodeModeService } from "./service.ts";
import type { CodeModeService, CodeModeServiceOptions } from "./service.ts";
import { checkInput, jsonSchemaOf } from "./standard-schema.ts";
import type { StandardSchema, ValidatedJsonSchema } from "./standard-schema.ts";

/** Given to a tool with its input. */
export interface ToolContext {
  /** The id of the run whose script calls. */
  readonly toolCallId: string;
  /** Aborted when the script ends, however it does. */
  readonly abortSignal: AbortSignal;
  /** Empty: a script has no conversation. Tools that are made for the AI SDK are promised the field. */
  readonly messages: never[];
  /** Undefined, and there for the same reason. */
  readonly context: never;
}

/** A Standard Schema, what the AI SDK's `jsonSchema()` or `lazySchema()` makes, or a JSON Schema. */
export type ToolSchema =
  | StandardSchema
  | ValidatedJsonSchema
  | (() => ValidatedJsonSchema)
  | Readonly<Record<string, unknown>>;

/** A function with a description and schemas; the AI SDK's tools have this shape too. */
export interface DescribedTool {
  /** A function, as the AI SDK allows, would need what only that knows: it counts as no description. */
  readonly description?: string | ((options: never) => string) | undefined;
  /** A validator checks the input before `execute` sees it; a bare JSON Schema describes it only. */
  readonly inputSchema?: ToolSchema | undefined;
  /** Describes the result to the model; it is not checked. */
  readonly outputSchema?: ToolSchema | undefined;
  /**
   * May be asynchronous; of an asynchronous iterator the last value is the result. A tool without it
   * is refused: nothing here could carry it out.
   */
  execute?(input: never, context: ToolContext): unknown;
}

/** A function of one argument, or one with a description; both may be asynchronous. */
export type CodeModeTool = DescribedTool | ((input: never, context: ToolContext) => unknown);

/** What scripts can call, and how they are run. */
export interface CodeModeOptions extends CodeModeServiceOptions {
  /** By the name under which scripts reach them. */
  readonly tools: Readonly<Record<string, CodeModeTool>>;
  /** Told of each `notify()` of a script. */
  readonly onNotify?: ((text: string, runId: string) => void) | undefined;
}

/** How a run is cut short. */
export interface RunOptions {
  /** Aborted, the script is stopped, and the run is rejected with the signal's reason once it has. */
  readonly signal?: AbortSignal | undefined;
}

/** How a script ended, and what it put out. */
export type RunResult =
  | { readonly status: "completed"; readonly contentItems: readonly ContentItem[] }
  | {
      readonly status: "failed";
      readonly contentItems: readonly ContentItem[];
      readonly error: CellError;
    };

/** A model's tool: scripts over a program's own functions. Disposing of it ends every script. */
export interface CodeMode extends AsyncDisposable {
  /** For the description of the model's tool: how to write a script, and every tool. */
  readonly description: string;
  /** Runs a script to its end. */
  run(source: string, options?: RunOptions): Promise<RunResult>;
  /** The service beneath, for scripts that yield and are waited for. */
  readonly service: CodeModeService;
}

const untilItEnds = Number.MAX_SAFE_INTEGER;

/**
 * Runs scripts that call the given functions.
 *
 * @throws {CodeModeError} `invalid_tool` when a tool is neither a function nor has one
 */
export function createCodeMode(options: CodeModeOptions): CodeMode {
  const { tools, onNotify, ...serviceOptions } = options;
  const definitions = Object.entries(tools).map(([name, tool]) => define(name, tool));
  const service = createCodeModeService(serviceOptions);
  let runs = 0;

  service.startTurnWorker({
    async invokeTool({ name, input, toolCallId }, abortSignal) {
      const tool = tools[name];
      if (tool === undefined) throw new TypeError(`There is no tool "${name}".`);
      const context = { toolCallId, abortSignal, messages: [], context: undefined as never };
      if (typeof tool === "function") return lastOf(await tool(input as never, context));
      const checked = await checkInput(tool.inputSchema, input);
      return lastOf(await tool.execute?.(checked as never, context));
    },
    notify: ({ text, toolCallId }) => onNotify?.(text, toolCallId),
  });

  return {
    description: `${scriptInstructions}\n\n${renderToolSections(definitions)}`.trimEnd(),
    service,
    async run(source, { signal } = {}) {
      runs += 1;
      const contentItems: ContentItem[] = [];
      const callOptions = { signal, onAbort: "terminate" } as const;
      let response = await service.execute(
        {
          toolCallId: `run-${runs}`,
          enabledTools: definitions,
          source,
          yieldTimeMs: untilItEnds,
        },
        callOptions,
      );
      while (response.status === "yielded") {
        contentItems.push(...response.contentItems);
        const { cellId } = response;
        response = await service.wait({ cellId, yieldTimeMs: untilItEnds }, callOptions);
      }
      if (response.status === "missing" || response.status === "terminated") {
        const text = "The script was stopped by another call.";
        return { status: "failed", contentItems, error: { text, message: text } };
      }
      contentItems.push(...response.contentItems);
      return response.status === "completed"
        ? { status: "completed", contentItems }
        : { status: "failed", contentItems, error: response.error };
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** The AI SDK lets a tool yield what it has so far; a script gets what comes last. */
async function lastOf(result: unknown): Promise<unknown> {
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result))
    return result;
  let last: unknown;
  for await (const value of result as AsyncIterable<unknown>) last = value;
  return last;
}

function define(name: string, tool: CodeModeTool): ToolDefinition {
  if (typeof tool === "function") return { name, description: "", kind: "function" };
  if (typeof tool.execute !== "function") {
    throw new CodeModeError(
      "invalid_tool",
      `The tool "${name}" must be a function, or an object with an execute function.`,
    );
  }
  const inputSchema = jsonSchemaOf(tool.inputSchema, "input");
  const outputSchema = jsonSchemaOf(tool.outputSchema, "output");
  return {
    name,
    description: typeof tool.description === "string" ? tool.description : "",
    kind: "function",
    ...(inputSchema === undefined ? {} : { inputSchema }),
    ...(outputSchema === undefined ? {} : { outputSchema }),
  };
}
