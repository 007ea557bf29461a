// A process that is killed leaves the file as it is at that moment. So a copy that is taken at a moment
// holds what a kill -9 would have left, and no process has to be started for it.
import { copyFileSync } from "node:fs";
import { join } from "@codex-ts/absolute-path";
import type { EventMsg, ResponseItem } from "@codex-ts/protocol";
import {
  customToolCall,
  functionCall,
  message,
  type ReceivedRequest,
  reasoning,
  respond,
  type Reply,
} from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import { say, threadWorld } from "./testing/thread-world.ts";

const MOMENTS = 200;
/** The share of events at which the thread dies. */
const SHARE = 0.1;

/** Three requests a turn, with something of everything; every text and call is different. */
function work({ input }: ReceivedRequest, index: number): Reply {
  if (JSON.stringify(input.at(-1)).includes("probe")) return respond([message("ok")]);
  switch (index % 3) {
    case 0:
      return respond([
        reasoning(`thought ${index}`),
        message(`message ${index} before`),
        functionCall({
          name: "update_plan",
          args: { plan: [{ step: `step ${index}`, status: "in_progress" }] },
          callId: `plan_${index}`,
        }),
        functionCall({
          name: "exec_command",
          args: { cmd: `echo output-${index}` },
          callId: `command_${index}`,
        }),
      ]);
    case 1:
      return respond([
        customToolCall({
          name: "apply_patch",
          input: `*** Begin Patch\n*** Add File: file-${index}.txt\n+text\n*** End Patch\n`,
          callId: `patch_${index}`,
        }),
        message(`message ${index} after`),
      ]);
    default:
      return respond([message(`last word ${index}`)]);
  }
}

/** What a person has seen of an item that the model must know of; null for other events. */
function seen(msg: EventMsg): string | null {
  switch (msg.type) {
    case "user_message":
    case "agent_message":
      return `said ${msg.message}`;
    case "agent_reasoning":
      return `thought ${msg.text}`;
    case "exec_command_end":
    case "patch_apply_end":
      return `output ${msg.call_id}`;
    case "plan_update":
      return `plan ${msg.plan[0]?.step}`;
    default:
      return null;
  }
}

function told(item: ResponseItem): readonly string[] {
  switch (item.type) {
    case "message":
      return item.content.map((part) => `said ${part.type === "input_image" ? "" : part.text}`);
    case "reasoning":
      return item.summary.map(({ text }) => `thought ${text}`);
    case "function_call_output":
    case "custom_tool_call_output":
      return item.output === "aborted" ? [] : [`output ${item.call_id}`];
    case "function_call":
      return [`plan ${/step \d+/.exec(item.arguments)?.[0]}`];
    default:
      return [];
  }
}

test(`whatever was announced is told after a sudden death at ${MOMENTS} random moments`, async () => {
  await using world = await threadWorld({ script: work });
  const { thread } = await world.manager.startThread(world.config);
  const source = thread.rolloutPath;
  if (source === null) throw new Error("the thread has no session file");
  const announced: string[] = [];
  const deaths: { readonly path: typeof source; readonly announced: number }[] = [];
  const queue = thread.events();
  for (let turn = 0; deaths.length < MOMENTS; turn += 1) {
    await thread.submit({ type: "user_input", items: [{ type: "text", text: `ask ${turn}` }] });
    for (;;) {
      const { value } = await queue.next();
      const { msg } = value as { readonly msg: EventMsg };
      const item = seen(msg);
      if (item !== null) announced.push(item);
      if (announced.length > 0 && deaths.length < MOMENTS && Math.random() < SHARE) {
        const path = join(world.config.cwd, `death-${deaths.length}.jsonl`);
        copyFileSync(source, path);
        deaths.push({ path, announced: announced.length });
      }
      if (msg.type === "task_complete") break;
    }
  }
  await thread.shutdown();
  for (const death of deaths) {
    const { thread: resumed } = await world.manager.resumeThread(world.config, death.path);
    await say(resumed, "probe");
    await resumed.shutdown();
    const known = new Set(world.model.requests.at(-1)?.input.flatMap(told));
    expect(announced.slice(0, death.announced).filter((item) => !known.has(item))).toEqual([]);
  }
}, 120_000);
