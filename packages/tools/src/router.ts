// From a response item to a tool call, and from a call to the item that answers it.
import type {
  JsonValue,
  ResponseItem,
  ToolCallOutputItem,
  ToolOutputBody,
  ToolSpec,
} from "@codex-ts/protocol";
import { settledOrAborted, withinTime } from "./abort.ts";
import { commandSubject, hookSubject } from "./hook-subject.ts";
import { type GateTicket, type ResourceClaim, ResourceGate } from "./resource-gate.ts";
import { type Tool, type ToolCall, type ToolContext, ToolError, type ToolResult } from "./tool.ts";

/** How long a cancelled call may take to wind up before it is answered without it. */
const ABORT_GRACE_MS = 1500;

/** What an item is to the router. */
export type RoutedItem =
  | { readonly kind: "call"; readonly call: ToolCall }
  /** A call that cannot be run; `output` is its answer. */
  | { readonly kind: "malformed"; readonly output: ToolCallOutputItem };

/** The tools of a turn: what is offered, and how each call is run and answered. */
export interface ToolRouter {
  /** What is offered to the model, in order. */
  readonly specs: readonly ToolSpec[];
  /** The call that an item carries; null when it carries none. */
  route(item: ResponseItem): RoutedItem | null;
  /**
   * Runs a call and resolves to the item that answers it: the tool's result, the reason why it
   * failed, or a note that it was aborted. Calls that need the same resource alone run in the order in
   * which this method was called, also when it is called again before they have ended.
   *
   * Rejects, which ends the turn, with a `fatal` {@link ToolError} or with what else a tool threw.
   */
  run(call: ToolCall, context: ToolContext, signal: AbortSignal): Promise<ToolCallOutputItem>;
  /**
   * Runs a call that a script made, as {@link run} does but for two things: calls of scripts queue among
   * themselves, since the call that runs the script holds what they need; and what comes back is a value.
   *
   * Rejects with an error whose message is what the model would have been answered.
   */
  runNested(call: ToolCall, context: ToolContext, signal: AbortSignal): Promise<JsonValue>;
}

/** How a call ended that did not end the turn. */
type Outcome =
  | {
      readonly kind: "done";
      readonly result: ToolResult;
      /** A hook's. */ readonly replacement: string | null;
    }
  | { readonly kind: "refused"; readonly text: string };

/** Makes a router for tools with distinct names; the order of the tools is the order of `specs`. */
export function createToolRouter(options: {
  readonly tools: readonly Tool[];
  /** Milliseconds of a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}): ToolRouter {
  const { tools, now = () => performance.now() } = options;
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const gate = new ResourceGate();
  const nestedGate = new ResourceGate();

  const perform = async (
    call: ToolCall,
    context: ToolContext,
    signal: AbortSignal,
    queue: ResourceGate,
  ): Promise<Outcome> => {
    const tool = byName.get(call.name);
    if (tool === undefined) return { kind: "refused", text: unsupportedText(call) };
    if (!tool.accepts(call.payload)) {
      throw new ToolError(
        "fatal",
        `the tool ${call.name} was called with a payload of kind ${call.payload.kind}, which it does not take`,
      );
    }
    const started = now();
    const ticket = queue.queue(tool.claims?.(call) ?? defaultClaims(tool));
    try {
      await ticket.enter(signal);
      const subject = context.hooks === undefined ? null : hookSubject(call);
      const refusal =
        subject === null ? null : ((await context.hooks?.before(subject, signal)) ?? null);
      if (subject !== null) signal.throwIfAborted();
      if (refusal !== null) return { kind: "refused", text: refusal };
      const running = tool.run(
        call,
        {
          ...context,
          askApproval: (request, askSignal) =>
            ticket.suspend(() => context.askApproval(request, askSignal), askSignal),
          reviewer: suspendedReviewer(context.reviewer, ticket),
        },
        signal,
      );
      const result = await settledSoonAfterAbort(running, signal);
      const response = hookResponse(result);
      if (subject === null || response === null) return { kind: "done", result, replacement: null };
      const { endOf } = result;
      const ended =
        endOf === undefined ? subject : commandSubject(endOf.callId, call.name, endOf.command);
      const replacement = (await context.hooks?.after(ended, response, signal)) ?? null;
      return { kind: "done", result, replacement };
    } catch (error) {
      if (signal.aborted) return { kind: "refused", text: tool.abortedText(now() - started) };
      if (error instanceof ToolError && error.code === "respond") {
        return { kind: "refused", text: error.message };
      }
      throw error;
    } finally {
      ticket.leave();
    }
  };

  return {
    specs: tools.flatMap(({ spec }) => (spec === undefined || isDeferred(spec) ? [] : [spec])),
    route,
    async run(call, context, signal) {
      const outcome = await perform(call, context, signal, gate);
      return outputItem(
        call,
        outcome.kind === "refused" ? outcome.text : (outcome.replacement ?? outcome.result.body),
      );
    },
    async runNested(call, context, signal) {
      const outcome = await perform(call, context, signal, nestedGate);
      if (outcome.kind === "refused") throw new ToolError("respond", outcome.text);
      if (outcome.replacement !== null) return outcome.replacement;
      const { forScript, body } = outcome.result;
      if (forScript === undefined) return bodyText(body);
      if ("error" in forScript) throw new ToolError("respond", forScript.error);
      return forScript.value;
    },
  };
}

function isDeferred(spec: ToolSpec): boolean {
  return spec.type === "function" && spec.defer_loading === true;
}

/** Texts and the URLs of images, those that are blank left out. */
function bodyText(body: ToolOutputBody): string {
  if (typeof body === "string") return body;
  return body
    .map((part) => (part.type === "input_image" ? part.image_url : part.text))
    .filter((text) => text.trim() !== "")
    .join("\n");
}

/** A call that waits for its review stands in nobody's way either. */
function suspendedReviewer(
  reviewer: ToolContext["reviewer"],
  ticket: GateTicket,
): ToolContext["reviewer"] {
  if (reviewer === undefined) return undefined;
  return {
    decide: (request, context, signal) =>
      ticket.suspend(() => reviewer.decide(request, context, signal), signal),
  };
}

/** The files of the workspace: what commands read and write, and what patches must have alone. */
export const WORKSPACE = "workspace";

function hookResponse({ body, success, hookResponse: response }: ToolResult): JsonValue {
  if (response !== undefined) return response;
  return success ? body : null;
}

function defaultClaims(tool: Tool): readonly ResourceClaim[] {
  return [{ resource: WORKSPACE, mode: tool.parallel ? "shared" : "exclusive" }];
}

function unsupportedText(call: ToolCall): string {
  return call.payload.kind === "custom"
    ? `unsupported custom tool call: ${call.name}`
    : `unsupported call: ${call.name}`;
}

/** A tool that is done counts as done, even after the abort; one that lingers is left behind. */
async function settledSoonAfterAbort<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = running.then(
    () => true,
    () => true,
  );
  try {
    await settledOrAborted(settled, signal);
  } catch {
    if ((await withinTime(settled, ABORT_GRACE_MS)) === undefined) throw signal.reason;
  }
  return running;
}

function route(item: ResponseItem): RoutedItem | null {
  switch (item.type) {
    case "function_call":
      return {
        kind: "call",
        call: {
          callId: item.call_id,
          name: item.namespace === undefined ? item.name : `${item.namespace}:${item.name}`,
          payload: { kind: "function", arguments: item.arguments },
        },
      };
    case "custom_tool_call":
      return {
        kind: "call",
        call: {
          callId: item.call_id,
          name: item.name,
          payload: { kind: "custom", input: item.input },
        },
      };
    case "local_shell_call": {
      const callId = item.call_id ?? item.id;
      if (callId === undefined) {
        const output = "the local_shell call has neither a call_id nor an id";
        return {
          kind: "malformed",
          output: { type: "function_call_output", call_id: "", output },
        };
      }
      const { command, working_directory: workdir, timeout_ms: timeoutMs } = item.action;
      return {
        kind: "call",
        call: {
          callId,
          name: "local_shell",
          payload: { kind: "local_shell", command, workdir, timeoutMs },
        },
      };
    }
    default:
      return null;
  }
}

function outputItem(call: ToolCall, body: ToolOutputBody): ToolCallOutputItem {
  const [only, ...others] = typeof body === "string" ? [] : body;
  const output = only?.type === "input_text" && others.length === 0 ? only.text : body;
  return call.payload.kind === "custom"
    ? { type: "custom_tool_call_output", call_id: call.callId, output }
    : { type: "function_call_output", call_id: call.callId, output };
}
