// From a turn to the body of a Responses request.
import type { ModelInfo, ResponseItem, ToolSpec } from "@codex-ts/protocol";
import type { ResponsesRequest } from "@codex-ts/responses-client";
import type { TurnContext } from "./turn-context.ts";

export interface RequestParts {
  readonly turn: TurnContext;
  readonly instructions: string;
  readonly input: readonly ResponseItem[];
  readonly tools: readonly ToolSpec[];
  readonly threadId: string;
  /** The provider keeps responses (Azure). */
  readonly store: boolean;
}

export function responsesRequest(parts: RequestParts): ResponsesRequest {
  const { turn } = parts;
  const reasoning = reasoningOf(turn);
  const text = textOf(turn);
  const tier = turn.settings.serviceTier;
  return {
    model: turn.settings.model,
    instructions: parts.instructions,
    input: parts.input,
    tools: parts.tools,
    tool_choice: "auto",
    parallel_tool_calls: turn.model.supports_parallel_tool_calls,
    reasoning,
    store: parts.store,
    stream: true,
    include: reasoning === null ? [] : ["reasoning.encrypted_content"],
    ...(tier === undefined ? {} : { service_tier: tier === "fast" ? "priority" : tier }),
    prompt_cache_key: parts.threadId,
    ...(text === undefined ? {} : { text }),
  };
}

function reasoningOf(turn: TurnContext): ResponsesRequest["reasoning"] {
  if (!turn.model.supports_reasoning_summaries) return null;
  const effort = turn.settings.effort ?? turn.model.default_reasoning_level ?? undefined;
  return {
    ...(effort === undefined ? {} : { effort }),
    ...(turn.summary === "none" ? {} : { summary: turn.summary }),
  };
}

function textOf(turn: TurnContext): ResponsesRequest["text"] {
  const verbosity = verbosityOf(turn.model, turn.settings.verbosity);
  if (verbosity === undefined && turn.outputSchema === null) return undefined;
  return {
    ...(verbosity === undefined ? {} : { verbosity }),
    ...(turn.outputSchema === null
      ? {}
      : {
          format: {
            type: "json_schema",
            strict: true,
            schema: turn.outputSchema,
            name: "codex_output_schema",
          },
        }),
  };
}

function verbosityOf(
  model: ModelInfo,
  configured: TurnContext["settings"]["verbosity"],
): TurnContext["settings"]["verbosity"] {
  return model.support_verbosity ? (configured ?? model.default_verbosity ?? undefined) : undefined;
}
