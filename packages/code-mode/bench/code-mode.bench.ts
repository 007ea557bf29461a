import { createContext, runInContext } from "node:vm";
import { createCodeModeService } from "../src/index.ts";
import type { ToolDefinition } from "../src/index.ts";

const script = 'text("bench");';

function tools(count: number): readonly ToolDefinition[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `tool_${index}`,
    description: `Does the ${index}th thing.`,
    kind: "function",
    inputSchema: { type: "object", properties: { value: { type: "string" } } },
  }));
}

/** A subject with a pool of its own, so that no list of tools has to be changed between runs. */
function exec(count: number) {
  const service = createCodeModeService();
  const enabledTools = tools(count);
  return {
    name: `exec, ${count} tools`,
    repeat: 50,
    run: () => service.execute({ toolCallId: "bench", enabledTools, source: script }),
  };
}

export const benchmark = {
  name: "code-mode",
  question: "What does one warm exec of a one-line script cost, beside a context of node:vm?",
  subjects: () => [
    {
      name: "node:vm createContext",
      repeat: 50,
      run: () => runInContext(script, createContext({ text: () => undefined })),
    },
    exec(0),
    exec(32),
    exec(128),
  ],
};
