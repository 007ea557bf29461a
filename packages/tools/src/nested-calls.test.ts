import { expect, test } from "vitest";
import { createToolRouter } from "./router.ts";
import { type Tool, type ToolCall, type ToolContext, ToolError, type ToolResult } from "./tool.ts";

const never = new AbortController().signal;
const context = {} as ToolContext;

const callOf = (name: string, callId = name): ToolCall => ({
  callId,
  name,
  payload: { kind: "function", arguments: "{}" },
});

function tool(name: string, run: Tool["run"], parallel = false): Tool {
  return {
    name,
    parallel,
    abortedText: () => `${name} was aborted`,
    accepts: ({ kind }) => kind === "function",
    run,
  };
}

const answering = (name: string, result: ToolResult): Tool => tool(name, async () => result);

test("a script gets the value that a tool has for it, else the body as text", async () => {
  const router = createToolRouter({
    tools: [
      answering("value", { body: "text", success: true, forScript: { value: { a: 1 } } }),
      answering("failed", { body: "no", success: false }),
      answering("parts", {
        body: [
          { type: "input_text", text: "one" },
          { type: "input_text", text: " " },
          { type: "input_image", image_url: "data:image/png;base64,AA" },
        ],
        success: true,
      }),
    ],
  });
  const run = (name: string) => router.runNested(callOf(name), context, never);
  expect(await Promise.all(["value", "failed", "parts"].map(run))).toEqual([
    { a: 1 },
    "no",
    "one\ndata:image/png;base64,AA",
  ]);
});

test("what the model would have been answered is what the call is rejected with", async () => {
  const stop = new AbortController();
  const router = createToolRouter({
    tools: [
      answering("broken", { body: "…", success: false, forScript: { error: "it broke" } }),
      tool("refused", async () => {
        throw new ToolError("respond", "bad arguments");
      }),
      tool("crashed", async () => {
        throw new Error("a fault");
      }),
      tool("stopped", (_call, _context, signal) => {
        stop.abort();
        return Promise.reject(signal.reason as Error);
      }),
    ],
  });
  const texts = ["broken", "refused", "crashed", "unknown", "stopped"].map((name) =>
    router.runNested(callOf(name), context, name === "stopped" ? stop.signal : never).then(
      () => "done",
      (error: unknown) => (error as Error).message,
    ),
  );
  expect(await Promise.all(texts)).toEqual([
    "it broke",
    "bad arguments",
    "a fault",
    "unsupported call: unknown",
    "stopped was aborted",
  ]);
});

test("calls of a script queue among themselves while the call that runs it has the workspace", async () => {
  const log: string[] = [];
  const patch = tool("patch", async ({ callId }) => {
    log.push(`${callId} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`${callId} ends`);
    return { body: callId, success: true };
  });
  const router = createToolRouter({
    tools: [
      patch,
      tool("script", async () => {
        const nested = ["a", "b"].map((id) =>
          router.runNested(callOf("patch", id), context, never),
        );
        return { body: JSON.stringify(await Promise.all(nested)), success: true };
      }),
    ],
  });
  const script = router.run(callOf("script"), context, never);
  const direct = router.run(callOf("patch", "c"), context, never);
  expect(await script).toMatchObject({ output: '["a","b"]' });
  expect(await direct).toMatchObject({ output: "c" });
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});
