// The kinds of sessions that are handed on: each makes one with everything real but the model.
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { createHooks, functionHook } from "@codex-ts/hooks";
import { defaultFeatures } from "@codex-ts/features";
import type { EventMsg, ResponseItem } from "@codex-ts/protocol";
import {
  brokenStream,
  compacted,
  customToolCall,
  functionCall,
  item,
  message,
  type Reply,
  reasoning,
  respond,
} from "@codex-ts/scripted-model";
import type { Thread, ThreadConfig } from "../src/index.ts";
import {
  eventsUntil,
  say,
  type ThreadWorld,
  type ThreadWorldOptions,
  turnEnded,
} from "../src/testing/thread-world.ts";

/** A session in the making: the world it is made in, and the thread that makes it. */
export interface SessionKind {
  readonly name: string;
  /** The model's replies while the session is made. */
  readonly replies: readonly Reply[];
  readonly options?: Omit<ThreadWorldOptions, "script">;
  /**
   * Makes the session and gives the thread whose file is handed on; the thread may still run. `start`
   * gives a thread with one turn behind it, so that what follows is not a session's first turn.
   */
  make(world: ThreadWorld, start: Start): Promise<Thread>;
  /**
   * Why the released program is known to send something else, by the way in which the session goes on:
   * what it loses or cannot read. The difference is shown and does not count.
   */
  readonly known?: Partial<Record<Way, string>> | undefined;
}

export type Start = (settings?: Partial<ThreadConfig>) => Promise<Thread>;

/** How a session goes on: with another message, after a rollback of one turn, or in a fork. */
export type Way = "resume" | "rollback" | "fork";

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

const full = { usage: { input: 260_000, output: 10 } } as const;
const exec = (cmd: string, callId: string) =>
  functionCall({ name: "exec_command", args: { cmd, login: false }, callId });
const patch = (lines: string, callId: string) =>
  customToolCall({
    name: "apply_patch",
    input: `*** Begin Patch\n${lines}\n*** End Patch\n`,
    callId,
  });
const answers = (...texts: readonly string[]): readonly Reply[] =>
  texts.map((text) => respond([message(text)]));

/** Says one thing after the other. */
function talk(...texts: readonly string[]): SessionKind["make"] {
  return async (_world, start) => {
    const thread = await start();
    for (const text of texts) await say(thread, text);
    return thread;
  };
}

async function untilEnd(
  thread: Thread,
  op: Parameters<Thread["submit"]>[0],
  ends: (msg: EventMsg) => boolean = turnEnded,
): Promise<void> {
  await thread.submit(op);
  await eventsUntil(thread, ends);
}

const opaque = (text: string): ResponseItem => ({ type: "compaction", encrypted_content: text });

const OVER_COMPACTION = "a rollback over a compaction loses the turns before it there";
const FIRST_TURN = "a rollback of the first turn leaves its context there, and tells it once more";
const BEFORE_TURN =
  "a rollback takes along there what stands before the turn: marks of interrupts, the person's commands";
const TAKEN_BACK = "the line that takes a broken answer back is not known there";

/** At least one of each that a session file can hold. */
export const sessionKinds: readonly SessionKind[] = [
  {
    name: "plain",
    replies: [
      respond([reasoning("think"), message("On it.", { phase: "commentary" }), message("Hello.")]),
      ...answers("Bye <b>&</b> \u{1f44b}."),
    ],
    make: talk("hello", "bye"),
  },
  {
    name: "tools",
    replies: [
      respond([
        functionCall({
          name: "update_plan",
          args: { plan: [{ step: "look", status: "in_progress" }] },
          callId: "plan",
        }),
        exec("echo one", "one"),
        exec("seq 1 20000", "long"),
        exec("exit 3", "fails"),
        functionCall({ name: "no_such_tool", args: {}, callId: "unknown" }),
        functionCall({ name: "exec_command", args: "{not json", callId: "bad" }),
        item({
          type: "web_search_call",
          id: "ws_1",
          status: "completed",
          action: { type: "search", query: "weather", queries: ["weather"] },
        }),
      ]),
      ...answers("Done."),
    ],
    make: talk("use tools"),
  },
  {
    name: "patches",
    replies: [
      respond([patch("*** Add File: a.txt\n+one\n+two", "add")]),
      respond([patch("*** Update File: a.txt\n@@\n-one\n+three", "update")]),
      respond([patch("*** Update File: none.txt\n@@\n-one\n+three", "fails")]),
      ...answers("Patched."),
    ],
    make: talk("patch"),
  },
  {
    name: "images",
    replies: [
      respond([functionCall({ name: "view_image", args: { path: "pixel.png" }, callId: "view" })]),
      ...answers("A pixel."),
    ],
    async make({ config }, start) {
      const path = join(config.cwd, "pixel.png");
      await writeFile(path, Buffer.from(PIXEL, "base64"));
      const thread = await start();
      await untilEnd(thread, {
        type: "user_input",
        items: [
          { type: "text", text: "look" },
          { type: "local_image", path },
          { type: "image", image_url: `data:image/png;base64,${PIXEL}` },
          { type: "local_image", path: join(config.cwd, "none.png") },
        ],
      });
      return thread;
    },
  },
  {
    name: "compaction",
    replies: answers("First.", "SUMMARY ONE", "Second.", "SUMMARY TWO", "Third."),
    async make(_world, start) {
      const thread = await start();
      await say(thread, "one");
      await untilEnd(thread, { type: "compact" });
      await say(thread, "two");
      await untilEnd(thread, { type: "compact" });
      await say(thread, "three");
      return thread;
    },
  },
  {
    name: "compaction at the end",
    replies: answers("First.", "SUMMARY"),
    async make(_world, start) {
      const thread = await start();
      await say(thread, "one");
      await untilEnd(thread, { type: "compact" });
      return thread;
    },
    known: { rollback: OVER_COMPACTION },
  },
  {
    name: "compaction in mid-turn",
    replies: [respond([exec("echo one", "one")], full), ...answers("SUMMARY", "Done.")],
    make: talk("go"),
    known: { rollback: OVER_COMPACTION },
  },
  {
    name: "remote compaction",
    replies: [
      ...answers("First."),
      compacted([
        { type: "message", role: "user", content: [{ type: "input_text", text: "one" }] },
        opaque("SECRET"),
      ]),
      ...answers("Second."),
    ],
    options: { compactsHistories: true },
    async make(_world, start) {
      const thread = await start();
      await say(thread, "one");
      await untilEnd(thread, { type: "compact" });
      await say(thread, "two");
      return thread;
    },
  },
  {
    name: "fork",
    replies: answers("First.", "Second.", "Third."),
    async make({ manager, config }, start) {
      const source = await start();
      await say(source, "one");
      await say(source, "two");
      const { thread } = await manager.forkThread(
        { ...config, approvalPolicy: "on-request" },
        { id: source.id },
        { beforeUserMessage: 2 },
      );
      await say(thread, "two, other");
      return thread;
    },
  },
  {
    name: "fork of a running turn",
    replies: [...answers("First."), respond([exec("sleep 30", "slow")]), ...answers("After.")],
    async make({ manager, config }, start) {
      const source = await start();
      await say(source, "one");
      await untilEnd(
        source,
        { type: "user_input", items: [{ type: "text", text: "two" }] },
        ({ type }) => type === "exec_command_begin",
      );
      const { thread } = await manager.forkThread(
        config,
        { id: source.id },
        { snapshot: "interrupted" },
      );
      await untilEnd(source, { type: "interrupt" });
      await say(thread, "three");
      return thread;
    },
    known: { rollback: BEFORE_TURN },
  },
  {
    name: "rollback",
    replies: answers("First.", "Second.", "Third.", "Fourth."),
    async make({ config }, start) {
      const thread = await start();
      await say(thread, "one");
      await thread.submit({ type: "override_turn_context", approval_policy: "on-request" });
      await say(thread, "two");
      await thread.submit({ type: "override_turn_context", cwd: join(config.cwd, "..") });
      await say(thread, "three");
      const rolledBack = ({ type }: EventMsg): boolean => type === "thread_rolled_back";
      await untilEnd(thread, { type: "thread_rollback", num_turns: 2 }, rolledBack);
      await say(thread, "other two");
      return thread;
    },
  },
  {
    name: "rollback of the first turn",
    replies: answers("Other first."),
    async make(_world, start) {
      const thread = await start();
      const rolledBack = ({ type }: EventMsg): boolean => type === "thread_rolled_back";
      await untilEnd(thread, { type: "thread_rollback", num_turns: 1 }, rolledBack);
      await say(thread, "other one");
      return thread;
    },
    known: { resume: FIRST_TURN, rollback: FIRST_TURN, fork: FIRST_TURN },
  },
  {
    name: "rollback over a compaction",
    replies: answers("First.", "SUMMARY", "Second.", "Third."),
    async make(_world, start) {
      const thread = await start();
      await say(thread, "one");
      await untilEnd(thread, { type: "compact" });
      await say(thread, "two");
      const rolledBack = ({ type }: EventMsg): boolean => type === "thread_rolled_back";
      await untilEnd(thread, { type: "thread_rollback", num_turns: 1 }, rolledBack);
      await say(thread, "other two");
      return thread;
    },
  },
  {
    name: "hooks",
    replies: answers("First.", "Second."),
    async make(_world, start) {
      let stops = 0;
      const hooks = createHooks({
        handlers: [
          functionHook("SessionStart", {
            name: "start",
            run: () => ({
              hookSpecificOutput: {
                hookEventName: "SessionStart",
                additionalContext: "from the start",
              },
            }),
          }),
          functionHook("UserPromptSubmit", {
            name: "prompt",
            run: () => ({
              hookSpecificOutput: {
                hookEventName: "UserPromptSubmit",
                additionalContext: "about the prompt",
              },
            }),
          }),
          functionHook("Stop", {
            name: "stop",
            run: () =>
              (stops += 1) > 1 ? {} : { decision: "block", reason: 'go on <a> & say "more"' },
          }),
        ],
      });
      const thread = await start({ hooks });
      await say(thread, "one");
      return thread;
    },
  },
  {
    name: "sub-agent",
    replies: answers("Hello, root.", "And again."),
    options: {
      source: {
        subagent: {
          thread_spawn: {
            parent_thread_id: "0196a000-0000-7000-8000-000000000001",
            depth: 1,
            agent_path: "/root/helper",
            agent_nickname: "Heron",
            agent_role: null,
          },
        },
      },
    },
    async make(_world, start) {
      const thread = await start();
      await say(thread, "help");
      await untilEnd(thread, {
        type: "inter_agent_communication",
        communication: {
          author: "/root",
          recipient: "/root/helper",
          other_recipients: [],
          content: "more, please",
          trigger_turn: true,
        },
      });
      return thread;
    },
  },
  {
    name: "interrupted",
    replies: [...answers("First."), respond([message("Wait."), exec("sleep 30", "slow")])],
    async make(_world, start) {
      const thread = await start();
      await say(thread, "one");
      await untilEnd(
        thread,
        { type: "user_input", items: [{ type: "text", text: "two" }] },
        ({ type }) => type === "exec_command_begin",
      );
      await untilEnd(thread, { type: "interrupt" });
      return thread;
    },
  },
  {
    name: "review",
    replies: [
      ...answers(
        "First.",
        JSON.stringify({
          findings: [],
          overall_correctness: "patch is correct",
          overall_explanation: "Nothing <breaks> & all.",
          overall_confidence_score: 0.9,
        }),
        "Second.",
      ),
    ],
    async make(_world, start) {
      const thread = await start();
      await say(thread, "one");
      await untilEnd(thread, {
        type: "review",
        review_request: { target: { type: "custom", instructions: "Look at sum.ts." } },
      });
      await say(thread, "two");
      return thread;
    },
  },
  {
    name: "settings",
    replies: answers("First.", "Second.", "Third."),
    async make({ config }, start) {
      const thread = await start();
      await say(thread, "one");
      const turn = (text: string, cwd: string, model: string) =>
        untilEnd(thread, {
          type: "user_turn",
          items: [{ type: "text", text }],
          cwd,
          approval_policy: "on-request",
          sandbox_policy: { type: "read-only" },
          model,
          effort: "low",
          final_output_json_schema: null,
        });
      await turn("two", join(config.cwd, ".."), "gpt-5.4");
      await turn("three", config.cwd, "gpt-5.2-codex");
      return thread;
    },
  },
  {
    name: "a person's own commands",
    replies: answers("First."),
    async make(_world, start) {
      const thread = await start();
      await untilEnd(thread, { type: "run_user_shell_command", command: "echo '<mine>'; exit 2" });
      await say(thread, "one");
      await untilEnd(thread, { type: "run_user_shell_command", command: "echo more" });
      return thread;
    },
    known: { rollback: BEFORE_TURN },
  },
  {
    name: "broken streams",
    replies: [
      brokenStream([message("Half an ans")]),
      respond([message("Whole.")]),
      brokenStream([message("I'll run it."), exec("echo once", "once")]),
      respond([message("It ran.")]),
    ],
    options: { streamMaxRetries: 2 },
    make: talk("one", "two"),
    known: { resume: TAKEN_BACK, rollback: TAKEN_BACK, fork: TAKEN_BACK },
  },
  {
    name: "undo",
    replies: [respond([exec("echo agent > a.txt", "change")]), ...answers("First.", "Second.")],
    async make({ config }, start) {
      const git = (...args: string[]): Buffer =>
        execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
          cwd: config.cwd,
        });
      git("init", "--quiet");
      await writeFile(join(config.cwd, "a.txt"), "mine\n");
      git("add", "--all");
      git("commit", "--quiet", "-m", "First");
      const features = defaultFeatures().with({ undo: true });
      const thread = await start({ features });
      await say(thread, "one");
      await untilEnd(thread, { type: "undo" });
      await say(thread, "two");
      return thread;
    },
  },
];

/** Of the sessions that the released program made, by the names of their files. */
export const knownOfReleased: Readonly<Record<string, SessionKind["known"]>> = {
  "auto-compaction": { rollback: OVER_COMPACTION },
  images: { rollback: FIRST_TURN },
  interrupted: { rollback: FIRST_TURN },
  patches: { rollback: FIRST_TURN },
  review: { rollback: "a review has two turn ids there, which hides what was told before it" },
  "sub-agent": { rollback: FIRST_TURN },
};
