// Whatever moment a run is killed at: what it had announced is in the session, and the session goes on.
import type { ResponseItem } from "@codex-ts/protocol";
import {
  customToolCall,
  functionCall,
  message,
  type ReceivedRequest,
  reasoning,
  type Reply,
  respond,
} from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";
import type { JsonEvent, ThreadItem } from "./json-events.ts";

beforeAll(builtCli, buildTimeoutMs);

/** For more of them: `KILLS=200`. */
const RUNS = Number(process.env["KILLS"] ?? 50);
const SIDE_BY_SIDE = 2;

/** A long turn with something of everything; every text and call is different. */
function work(index: number): Reply {
  if (index > 6) return respond([message(`last word ${index}`)]);
  return respond(
    [
      reasoning(`thought ${index}`),
      message(`message ${index} before`),
      functionCall({
        name: "update_plan",
        args: { plan: [{ step: `step ${index}`, status: "in_progress" }] },
        callId: `plan_${index}`,
      }),
      customToolCall({
        name: "apply_patch",
        input: `*** Begin Patch\n*** Add File: file-${index}.txt\n+text\n*** End Patch\n`,
        callId: `patch_${index}`,
      }),
      functionCall({
        name: "exec_command",
        args: { cmd: `echo output-${index}`, login: false },
        callId: `command_${index}`,
      }),
      message(`message ${index} after`),
    ],
    { delayMs: 1 },
  );
}

/** Whether the input of a request tells the model of an item that was announced as finished. */
function isTold(input: readonly ResponseItem[], item: ThreadItem): boolean {
  const has = (test: (item: ResponseItem) => boolean): boolean => input.some(test);
  switch (item.type) {
    case "agent_message":
      return has(
        (each) =>
          each.type === "message" &&
          each.role === "assistant" &&
          each.content.some((part) => part.type === "output_text" && part.text === item.text),
      );
    case "reasoning":
      return has(
        (each) => each.type === "reasoning" && each.summary.some(({ text }) => text === item.text),
      );
    case "command_execution": {
      const [, index] = /output-(\d+)/.exec(item.command) ?? [];
      return has(
        (each) =>
          each.type === "function_call_output" &&
          each.call_id === `command_${index}` &&
          JSON.stringify(each.output).includes(`output-${index}`),
      );
    }
    case "file_change": {
      const [, index] = /file-(\d+)/.exec(item.changes[0]?.path ?? "") ?? [];
      return has(
        (each) =>
          each.type === "custom_tool_call_output" &&
          each.call_id === `patch_${index}` &&
          JSON.stringify(each.output).includes("Success"),
      );
    }
    case "todo_list":
      return has(
        (each) =>
          each.type === "function_call" && each.arguments.includes(item.items[0]?.text ?? "?"),
      );
    default:
      return false;
  }
}

/** The events of lines that were written whole. */
function wholeEvents(stdout: string): readonly JsonEvent[] {
  return stdout
    .slice(0, stdout.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonEvent);
}

/** Every call is followed by exactly one output, and no output is without its call. */
function openCalls(input: readonly ResponseItem[]): readonly string[] {
  const calls = input.flatMap((item) =>
    item.type === "function_call" || item.type === "custom_tool_call" ? [item.call_id] : [],
  );
  const outputs = input.flatMap((item) =>
    item.type === "function_call_output" || item.type === "custom_tool_call_output"
      ? [item.call_id]
      : [],
  );
  return calls.filter((id) => outputs.filter((other) => other === id).length !== 1);
}

interface Death {
  readonly announced: number;
  readonly problems: readonly string[];
}

async function killAndResume(world: CliWorld, prompt: string): Promise<Death> {
  const { child, done } = world.start(["exec", "--json", "-s", "danger-full-access", prompt]);
  // Counted in lines and not in time, so that it is some moment of the turn on any machine.
  let linesLeft = 1 + Math.floor(Math.random() * 45);
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = chunk.toString().split("\n").length - 1;
    if (linesLeft > 0 && linesLeft <= lines) {
      setTimeout(() => child.kill("SIGKILL"), Math.random() * 20);
    }
    linesLeft -= lines;
  });
  const run = await done;
  const events = wholeEvents(run.stdout);
  const [first] = events;
  if (first?.type !== "thread.started") return { announced: 0, problems: [] };
  const items = events.flatMap((event) => (event.type === "item.completed" ? [event.item] : []));

  const before = world.model.requests.length;
  const resumed = await world.run([
    "exec",
    "--json",
    "resume",
    first.thread_id,
    `resumed ${prompt}`,
  ]);
  if (items.length === 0 && resumed.stderr.includes("no rollout found")) {
    return { announced: 0, problems: [] };
  }
  const request = world.model.requests
    .slice(before)
    .find((each) => JSON.stringify(each.input.at(-1)).includes(`resumed ${prompt}`));
  if (request === undefined) {
    return { announced: items.length, problems: [`not resumed: ${resumed.stderr}`] };
  }
  return {
    announced: items.length,
    problems: [
      ...items.filter((item) => !isTold(request.input, item)).map((item) => JSON.stringify(item)),
      ...openCalls(request.input).map((id) => `call ${id} has no output`),
    ],
  };
}

test(
  `${RUNS} runs killed at any moment: every announced item is in the resumed request`,
  {
    timeout: 60_000 + RUNS * 4000,
  },
  async () => {
    const turns = new Map<string, number>();
    const script = (request: ReceivedRequest): Reply => {
      if (JSON.stringify(request.input.at(-1)).includes("resumed run")) {
        return respond([message("resumed")]);
      }
      const thread = String(request.headers["session_id"]);
      const turn = turns.get(thread) ?? 0;
      turns.set(thread, turn + 1);
      return work(turn);
    };
    await using world = await cliWorld({ script });
    const deaths: Death[] = [];
    const queue = Array.from({ length: RUNS }, (_, index) => index);
    const killNext = async (): Promise<void> => {
      for (;;) {
        const index = queue.shift();
        if (index === undefined) return;
        deaths.push(await killAndResume(world, `run ${index}`));
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, killNext));
    expect(deaths.flatMap(({ problems }) => problems)).toEqual([]);
    expect(deaths.filter(({ announced }) => announced > 0).length).toBeGreaterThan(RUNS / 2);
  },
);
