// From a history to the body of a request: the cost must grow with the history and not faster.
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import { type ResponseItem, userMessage } from "@codex-ts/protocol";
import { History } from "../src/history.ts";

const model = lookUpModel(bundledCatalogue, "gpt-5.2-codex");

/** A quarter each: what a person said, a call, its output, an answer. */
function historyOf(items: number): History {
  const history = new History();
  for (let index = 0; index < items / 4; index += 1) {
    const callId = `call_${index}`;
    const turn: readonly ResponseItem[] = [
      userMessage(`Please look at module ${index}.`),
      {
        type: "function_call",
        name: "exec_command",
        arguments: JSON.stringify({ cmd: `cat module-${index}.ts` }),
        call_id: callId,
      },
      { type: "function_call_output", call_id: callId, output: "export const x = 1;\n".repeat(50) },
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "It exports a constant." }],
      },
    ];
    for (const item of turn) history.record(item, model.truncation_policy);
  }
  return history;
}

export const benchmark = {
  name: "build-request",
  question:
    "Are the items of a request made in at most 5 ms for 1,000 items, and in ten times that for 10,000?",
  subjects() {
    return [1000, 10_000].map((items) => {
      const history = historyOf(items);
      return {
        name: `${items} items`,
        run: () => history.forPrompt(model, { freeformApplyPatch: true }),
        repeat: 10,
      };
    });
  },
};
