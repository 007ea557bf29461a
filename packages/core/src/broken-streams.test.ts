// A turn with two tool calls, its stream cut at every place where it can be cut.
import { readFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import type { ResponseItem } from "@codex-ts/protocol";
import {
  endAfter,
  functionCall,
  message,
  reasoning,
  respond,
  type ScriptedItem,
  type StreamReply,
} from "@codex-ts/scripted-model";
import { describe, expect, it } from "vitest";
import { itemLabel, say, threadWorld } from "./testing/thread-world.ts";

const tools = ["one", "two"] as const;

/** Which tools have an output in the prompt. */
function toldOf(input: readonly ResponseItem[]): readonly string[] {
  return input.flatMap((item) =>
    item.type === "function_call_output" ? [item.call_id.replace(/ .*/, "")] : [],
  );
}

/** What a model says that reads its prompt: it calls what has not run, and then it is done. */
function answer(input: readonly ResponseItem[], index: number): StreamReply {
  const told = toldOf(input);
  const calls: readonly ScriptedItem[] = tools
    .filter((tool) => !told.includes(tool))
    .map((tool) =>
      functionCall({
        name: "exec_command",
        args: { cmd: `echo ran >> ${tool}.log` },
        callId: `${tool} ${index}`,
      }),
    );
  const responseId = `r${index}`;
  return calls.length === 0
    ? respond([message("Done.")], { responseId })
    : respond([reasoning("think"), message("I'll look."), ...calls], { responseId });
}

/** Plays the turn with the stream of one request cut, and tells what is left of it. */
async function play(
  webSockets: boolean,
  cut: { readonly request: number; readonly after: number },
) {
  await using w = await threadWorld({
    webSockets,
    streamMaxRetries: 2,
    script: ({ input }, index) => {
      const reply = answer(input, index);
      return index === cut.request ? endAfter(cut.after, reply, "cut") : reply;
    },
  });
  const { thread } = await w.manager.startThread(w.config);
  const events = await say(thread, "go");
  const path = thread.rolloutPath;
  const live = w.model.requests.at(-1)?.input ?? [];
  await thread.shutdown();
  if (path === null) throw new Error("the thread has no file");
  const resumed = await w.manager.resumeThread(w.config, path);
  await say(resumed.thread, "and now");
  const logs = tools.map((tool) => readFile(join(w.config.cwd, `${tool}.log`), "utf8"));
  return {
    end: events.at(-1)?.msg,
    logs: await Promise.all(logs),
    live,
    resumed: w.model.requests.at(-1)?.input ?? [],
  };
}

/** How many chunks the reply to the `request`-th request has, when nothing is cut before. */
function chunkCounts(): readonly number[] {
  const outputs: readonly ResponseItem[] = tools.map((tool) => ({
    type: "function_call_output",
    call_id: `${tool} 0`,
    output: "",
  }));
  return [answer([], /*index*/ 0).chunks.length, answer(outputs, /*index*/ 1).chunks.length];
}

describe.each([
  ["server-sent events", false],
  ["WebSocket", true],
] as const)("a stream over %s that breaks at any event", (_name, webSockets) => {
  it("runs no tool twice, loses and doubles no item, and leaves a session that resumes", async () => {
    for (const [request, count] of chunkCounts().entries()) {
      for (let after = 0; after < count; after += 1) {
        const where = `request ${request}, after ${after} of ${count} events`;
        const { live, resumed, ...outcome } = await play(webSockets, { request, after });
        expect([where, outcome.end, outcome.logs]).toEqual([
          where,
          expect.objectContaining({ type: "task_complete", last_agent_message: "Done." }),
          ["ran\n", "ran\n"],
        ]);
        // What the model reads in the end: each call once, with its output.
        const labels = live.map(itemLabel);
        const calls = labels.filter((label) => label.startsWith("call "));
        expect([where, toldOf(live), calls]).toEqual([
          where,
          ["one", "two"],
          tools.map((tool) => expect.stringMatching(`^call ${tool} `) as string),
        ]);
        // Text and reasoning stand once for each response that led to a call, and for no other.
        const responses = new Set(calls.map((label) => label.split(" ")[2])).size;
        const times = (label: string): number => labels.filter((each) => each === label).length;
        expect([
          where,
          times('user "go"'),
          times('assistant "I\'ll look."'),
          times("reasoning"),
        ]).toEqual([where, 1, responses, responses]);
        // The resumed session asks for what the live one would have asked for.
        expect([where, resumed.slice(0, live.length)]).toEqual([where, live]);
        expect([where, resumed.slice(live.length).map(itemLabel)]).toEqual([
          where,
          ['assistant "Done."', 'user "and now"'],
        ]);
      }
    }
  }, 300_000);
});
