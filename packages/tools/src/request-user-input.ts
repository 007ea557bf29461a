// request_user_input: asks the person a few questions and waits for the answers.
import type { RequestUserInputQuestion } from "@codex-ts/protocol";
import { abortedText } from "./aborted-text.ts";
import { functionSpec, objectSchema } from "./function-spec.ts";
import { type Tool, ToolError } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

/** When the person may be asked. */
export interface RequestUserInputOptions {
  /** Whether the model may also ask outside of plan mode. */
  readonly inDefaultMode: boolean;
}

/**
 * Makes `request_user_input`: one to three questions to the person, whose answers the call waits
 * for.
 */
export function createRequestUserInputTool({ inDefaultMode }: RequestUserInputOptions): Tool {
  const modes = inDefaultMode ? "plan and default mode" : "plan mode only";
  return {
    name: "request_user_input",
    spec: functionSpec({
      name: "request_user_input",
      description: `Asks the user one to three short questions and waits for the answers. Available in ${modes}.`,
      properties: {
        questions: {
          type: "array",
          description: "The questions; one is best, and three are the most.",
          items: objectSchema(
            {
              id: {
                type: "string",
                description: "Names the question in the answer, in snake_case.",
              },
              header: { type: "string", description: "A title of at most 12 characters." },
              question: { type: "string", description: "The question, one sentence." },
              options: {
                type: "array",
                description:
                  'Two or three choices that exclude each other, the recommended one first with the suffix "(Recommended)". Leave out "Other": the user can always answer freely.',
                items: objectSchema(
                  {
                    label: { type: "string", description: "The choice in one to five words." },
                    description: { type: "string", description: "What it means, one sentence." },
                  },
                  ["label", "description"],
                ),
              },
            },
            ["id", "header", "question", "options"],
          ),
        },
      },
      required: ["questions"],
    }),
    parallel: false,
    claims: () => [{ resource: "person", mode: "exclusive" }],
    abortedText,
    accepts: (payload) => payload.kind === "function",
    async run(call, context, signal) {
      if (!context.planMode && !inDefaultMode) {
        throw new ToolError("respond", "request_user_input is not available in default mode");
      }
      const questions = ToolArguments.ofCall(call).objects("questions").map(readQuestion);
      if (questions.length === 0) {
        throw new ToolError("respond", "request_user_input needs at least one question");
      }
      const answers = await context.askUserInput({ callId: call.callId, questions }, signal);
      signal.throwIfAborted();
      if (answers === null) {
        throw new ToolError("respond", "request_user_input was cancelled: the user gave no answer");
      }
      return { body: JSON.stringify({ answers }), success: true };
    },
  };
}

function readQuestion(question: ToolArguments): RequestUserInputQuestion {
  const options = question.objects("options").map((option) => ({
    label: option.string("label"),
    description: option.string("description"),
  }));
  if (options.length === 0) {
    throw new ToolError("respond", "request_user_input needs options for every question");
  }
  return {
    id: question.string("id"),
    header: question.string("header"),
    question: question.string("question"),
    isOther: true,
    isSecret: question.optionalBoolean("isSecret") ?? false,
    options,
  };
}
