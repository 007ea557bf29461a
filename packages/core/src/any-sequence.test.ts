// Any sequence of what can happen to a thread: its session file gives back what it would have sent.
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import type { EventMsg, ResponseItem, SandboxPolicy } from "@codex-ts/protocol";
import type { ResponsesRequest } from "@codex-ts/responses-client";
import { createSandbox } from "@codex-ts/sandboxing";
import { abs } from "@codex-ts/test-support";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Thread, type ThreadConfig, threadConfig, ThreadManager } from "./index.ts";
import { compactionPrompt } from "./prompts/compaction.ts";
import { type Played, type PlayedClient, playedClient } from "./testing/played-client.ts";
import { eventsUntil, turnEnded } from "./testing/thread-world.ts";

/** For a longer search, ask for more: `SEQUENCES=20000`. */
const SEQUENCES = Number(process.env["SEQUENCES"] ?? 2000);
/** More than the limit of the model: the next request is preceded by a compaction. */
const FULL = 260_000;

const answer = (text: string): ResponseItem => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});
const plan = (callId: string, step: string): ResponseItem => ({
  type: "function_call",
  name: "update_plan",
  arguments: JSON.stringify({ plan: [{ step, status: "pending" }] }),
  call_id: callId,
});
const reasoning = (text: string): ResponseItem => ({
  type: "reasoning",
  summary: [{ type: "summary_text", text }],
  content: null,
  encrypted_content: "c29tZXRoaW5n",
});

/** How the model behaves in a turn; each step is one request. */
type Course =
  | "answers"
  | "calls tools"
  | "breaks in text"
  | "breaks behind calls"
  | "refuses"
  | "fills the context"
  | "fills the context in mid-turn";

type Step =
  | { readonly do: "say"; readonly course: Course }
  | {
      readonly do: "interrupt";
      readonly behind: "nothing" | "text" | "calls";
      readonly steered: boolean;
    }
  | { readonly do: "steer" }
  | { readonly do: "compact"; readonly typed: boolean }
  | { readonly do: "roll back"; readonly turns: number }
  | { readonly do: "resume" }
  | {
      readonly do: "fork";
      readonly mode: "committed" | "interrupted";
      readonly before: number | null;
    }
  | { readonly do: "change"; readonly what: "cwd" | "sandbox" | "approval" | "reviewer" | "model" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("say" as const),
      course: fc.constantFrom<Course>(
        "answers",
        "calls tools",
        "breaks in text",
        "breaks behind calls",
        "refuses",
        "fills the context",
        "fills the context in mid-turn",
      ),
    }),
  },
  fc.record({
    do: fc.constant("interrupt" as const),
    behind: fc.constantFrom("nothing" as const, "text" as const, "calls" as const),
    steered: fc.boolean(),
  }),
  fc.constant({ do: "steer" as const }),
  fc.record({ do: fc.constant("compact" as const), typed: fc.boolean() }),
  fc.record({ do: fc.constant("roll back" as const), turns: fc.integer({ min: 1, max: 3 }) }),
  fc.constant({ do: "resume" as const }),
  fc.record({
    do: fc.constant("fork" as const),
    mode: fc.constantFrom("committed" as const, "interrupted" as const),
    before: fc.option(fc.integer({ min: 0, max: 3 })),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      what: fc.constantFrom(
        "cwd" as const,
        "sandbox" as const,
        "approval" as const,
        "reviewer" as const,
        "model" as const,
      ),
    }),
  },
);

/** A thread that is driven, and what the person has said in it: the messages of each turn. */
class Driven {
  readonly #manager: ThreadManager;
  readonly #played: PlayedClient;
  readonly #folders: readonly AbsolutePath[];
  #thread: Thread;
  #config: ThreadConfig;
  #count = 0;
  turns: string[][] = [];
  /** Said, and not yet told the model. */
  #untold: string[] = [];

  constructor(
    manager: ThreadManager,
    played: PlayedClient,
    folders: readonly AbsolutePath[],
    config: ThreadConfig,
    thread: Thread,
  ) {
    this.#manager = manager;
    this.#played = played;
    this.#folders = folders;
    this.#config = config;
    this.#thread = thread;
  }

  get thread(): Thread {
    return this.#thread;
  }

  /** The configuration with which the session is resumed: the settings that it has by now. */
  get config(): ThreadConfig {
    const { verbosity: _verbosity, collaborationMode: _mode, ...settings } = this.#thread.settings;
    return { ...this.#config, ...settings };
  }

  /** Lets a turn tell what an interruption left untold: that is in memory alone until then. */
  async settle(): Promise<void> {
    if (this.#untold.length > 0) await this.#say();
  }

  async run(each: Step): Promise<void> {
    switch (each.do) {
      case "say":
        this.#played.next.push(...this.#course(each.course));
        return this.#say();
      case "interrupt":
        return this.#interrupt(each.behind, each.steered);
      case "steer":
        return this.#steered();
      case "compact":
        return this.#compact(each.typed);
      case "roll back":
        return this.#rollBack(each.turns);
      case "resume":
        return this.#resume();
      case "fork":
        return this.#fork(each.mode, each.before);
      case "change":
        return this.#change(each.what);
    }
  }

  #next(what: string): string {
    this.#count += 1;
    return `${what} ${this.#count}`;
  }

  #course(course: Course): readonly Played[] {
    const text = answer(this.#next("answer"));
    const done: Played = { kind: "answer", items: [text] };
    const call = (): ResponseItem => plan(this.#next("call"), this.#next("step"));
    switch (course) {
      case "answers":
        return [{ kind: "answer", items: [reasoning(this.#next("thought")), text] }];
      case "calls tools":
        return [{ kind: "answer", items: [call(), call()] }, done];
      case "breaks in text":
        return [{ kind: "broken", items: [reasoning("half"), answer("half")] }, done];
      case "breaks behind calls":
        return [{ kind: "broken", items: [answer("I will"), call()] }, done];
      case "refuses":
        return [{ kind: "refused" }];
      case "fills the context":
        return [{ kind: "answer", items: [text], tokens: FULL }];
      case "fills the context in mid-turn":
        return [{ kind: "answer", items: [call()], tokens: FULL }, done];
    }
  }

  async #submit(): Promise<string> {
    const text = this.#next("message");
    await this.#thread.submit({ type: "user_input", items: [{ type: "text", text }] });
    return text;
  }

  async #say(): Promise<void> {
    const text = await this.#submit();
    this.turns.push([...this.#untold.splice(0), text]);
    await eventsUntil(this.#thread, turnEnded);
    this.#played.next.length = 0;
  }

  async #interrupt(behind: "nothing" | "text" | "calls", steered: boolean): Promise<void> {
    const items = {
      nothing: [],
      text: [answer(this.#next("partial"))],
      calls: [plan(this.#next("call"), "p")],
    }[behind];
    this.#played.next.push({ kind: "silent", items });
    const text = await this.#submit();
    this.turns.push([...this.#untold.splice(0), text]);
    await this.#played.silence();
    if (steered) this.#untold.push(await this.#submit());
    await this.#thread.submit({ type: "interrupt" });
    await eventsUntil(this.#thread, turnEnded);
  }

  async #steered(): Promise<void> {
    this.#played.next.push(
      { kind: "answer", items: [plan(this.#next("call"), "p")] },
      { kind: "answer", items: [answer(this.#next("answer"))] },
    );
    const first = await this.#submit();
    const second = await this.#submit();
    this.turns.push([...this.#untold.splice(0), first, second]);
    await eventsUntil(this.#thread, turnEnded);
    this.#played.next.length = 0;
  }

  async #compact(typed: boolean): Promise<void> {
    await this.#thread.submit({ type: "compact" });
    const text = typed ? await this.#submit() : null;
    await eventsUntil(this.#thread, turnEnded);
    if (text === null) return;
    this.turns.push([...this.#untold.splice(0), text]);
    await eventsUntil(this.#thread, turnEnded);
  }

  async #rollBack(turns: number): Promise<void> {
    await this.#thread.submit({ type: "thread_rollback", num_turns: turns });
    const ends = (msg: EventMsg): boolean =>
      msg.type === "thread_rolled_back" || msg.type === "error";
    const events = await eventsUntil(this.#thread, ends);
    // A thread in which nothing was said has no file, and nothing to take back.
    const isRolledBack = events.at(-1)?.msg.type === "thread_rolled_back";
    if (this.turns.length > 0 && !isRolledBack) throw new Error("the rollback was refused");
    this.turns.splice(Math.max(0, this.turns.length - turns));
  }

  async #resume(): Promise<void> {
    const { config, path } = this.#session();
    // What was said and not told is kept as messages that no turn has answered yet.
    if (this.#untold.length > 0) this.turns.push(...this.#untold.splice(0).map((text) => [text]));
    await this.#thread.shutdown();
    if (this.turns.length === 0)
      return this.#adopt(await this.#manager.startThread(config), config);
    this.#adopt(await this.#manager.resumeThread(config, path), config);
  }

  async #fork(mode: "committed" | "interrupted", before: number | null): Promise<void> {
    const { config, path } = this.#session();
    if (this.turns.length === 0) return;
    const forked = await this.#manager.forkThread(config, path, {
      snapshot: mode,
      ...(before === null ? {} : { beforeUserMessage: before }),
    });
    await this.#thread.shutdown();
    this.#untold = [];
    if (mode === "committed" && before !== null) {
      let left = before;
      this.turns = this.turns.flatMap((texts) => {
        const kept = texts.slice(0, left);
        left = Math.max(0, left - texts.length);
        return kept.length === 0 ? [] : [kept];
      });
    }
    this.#adopt(forked, config);
  }

  #session(): { readonly config: ThreadConfig; readonly path: AbsolutePath } {
    const path = this.#thread.rolloutPath;
    if (path === null) throw new Error("the thread has no session file");
    return { config: this.config, path };
  }

  #adopt({ thread }: { readonly thread: Thread }, config: ThreadConfig): void {
    this.#thread = thread;
    this.#config = config;
  }

  async #change(what: Extract<Step, { do: "change" }>["what"]): Promise<void> {
    const { settings } = this.#thread;
    const other = <T>(values: readonly [T, T], current: T): T =>
      values[0] === current ? values[1] : values[0];
    const [here, there] = this.#folders as [AbsolutePath, AbsolutePath];
    const sandbox = { type: "read-only" } as const satisfies SandboxPolicy;
    const open = { type: "danger-full-access" } as const satisfies SandboxPolicy;
    await this.#thread.submit({
      type: "override_turn_context",
      ...(what === "cwd" ? { cwd: other([here, there], settings.cwd) } : {}),
      ...(what === "sandbox"
        ? { sandbox_policy: settings.sandboxPolicy.type === "read-only" ? open : sandbox }
        : {}),
      ...(what === "approval"
        ? { approval_policy: settings.approvalPolicy === "never" ? "on-request" : "never" }
        : {}),
      ...(what === "reviewer"
        ? {
            approvals_reviewer: other(
              ["user", "guardian_subagent"] as const,
              settings.approvalsReviewer,
            ),
          }
        : {}),
      ...(what === "model"
        ? { model: other(["gpt-5.2-codex", "gpt-5.1-codex"] as const, settings.model) }
        : {}),
    });
  }
}

/** The sections of context in the order in which a request tells them. */
function told(request: ResponsesRequest, pattern: RegExp): readonly string[] {
  return request.input.flatMap((each) =>
    each.type === "message"
      ? each.content.flatMap((part) => {
          const [, found] = part.type === "input_text" ? (pattern.exec(part.text) ?? []) : [];
          return found === undefined ? [] : [found];
        })
      : [],
  );
}

function said(request: ResponsesRequest): readonly string[] {
  return request.input.flatMap((each) =>
    each.type === "message" && each.role === "user"
      ? each.content.flatMap((part) =>
          part.type === "input_text" && /^(message \d+|probe)$/.test(part.text) ? [part.text] : [],
        )
      : [],
  );
}

async function probe(thread: Thread, played: PlayedClient): Promise<ResponsesRequest> {
  await thread.submit({ type: "user_input", items: [{ type: "text", text: "probe" }] });
  await eventsUntil(thread, turnEnded);
  const request = played.requests.at(-1);
  if (request === undefined) throw new Error("nothing was sent");
  return request;
}

const fork = (before: number | null): Step => ({ do: "fork", mode: "committed", before });

/** Sequences that lost a turn before: a fork of a fork that was cut within a turn. */
const once: readonly Step[][] = [
  [{ do: "steer" }, fork(/*before*/ 1), fork(/*before*/ null), { do: "say", course: "answers" }],
  [
    { do: "interrupt", behind: "nothing", steered: true },
    { do: "say", course: "answers" },
    fork(/*before*/ 2),
    fork(/*before*/ null),
  ],
];

test(
  `after ${SEQUENCES} sequences of anything the file sends what the thread would have sent`,
  async () => {
    await using stack = new AsyncDisposableStack();
    // Each interruption and rollback waits for the disk: in memory, where there is such a folder.
    const memory = "/dev/shm";
    const parent = existsSync(memory) ? memory : tmpdir();
    const root = abs(await mkdtemp(`${parent}/codex-ts-test-`));
    stack.defer(() => rm(root, { recursive: true, force: true }));
    const folders = [join(root, "here"), join(root, "there")];
    for (const folder of folders) await mkdir(folder);
    const env = { PATH: process.env["PATH"], HOME: root };
    const sandbox = stack.use(createSandbox({ env, cwd: root }));
    const environment = stack.use(createLocalEnvironment({ sandbox }));
    const played = playedClient((request) =>
      isCompaction(request) ? { kind: "answer", items: [answer("SUMMARY")] } : null,
    );
    const manager = stack.use(
      new ThreadManager({
        codexHome: join(root, "home"),
        responses: played.client,
        environment,
        lookUpModel: (name) => lookUpModel(bundledCatalogue, name),
        shell: { kind: "bash", path: "/bin/bash" },
        env,
        originator: "core_test",
        version: "0.0.0",
        source: "exec",
        timezone: "Europe/Paris",
        now: () => new Date("2026-05-04T08:00:00Z"),
      }),
    );
    const setUp = threadConfig({
      cwd: folders[0] as AbsolutePath,
      model: "gpt-5.2-codex",
      sandboxPolicy: { type: "danger-full-access" },
      userInstructions: "be brief",
    });
    const sequence = fc.array(step, { minLength: 1, maxLength: 7 });
    let copies = 0;
    await fc.assert(
      fc.asyncProperty(sequence, fc.boolean(), async (steps, compactsHistories) => {
        const endpoint = { ...played.client.endpoint, compactsHistories };
        const start = { ...setUp, host: { responses: { ...played.client, endpoint } } };
        const { thread } = await manager.startThread(start);
        const driven = new Driven(manager, played, folders, start, thread);
        for (const each of steps) await driven.run(each);
        await driven.settle();

        const path = driven.thread.rolloutPath;
        if (path === null) throw new Error("the thread has no session file");
        const { config } = driven;
        await driven.thread.flush();
        copies += 1;
        const copy = join(root, `copy-${copies}.jsonl`);
        // Where nothing was ever said there is no file to compare with.
        if (!existsSync(path)) return;
        await copyFile(path, copy);
        const live = await probe(driven.thread, played);
        await driven.thread.shutdown();
        const { thread: resumed } = await manager.resumeThread(config, copy);
        const replayed = await probe(resumed, played);
        await resumed.shutdown();
        expect({ ...replayed, prompt_cache_key: "" }).toEqual({ ...live, prompt_cache_key: "" });
        expect(said(live).slice(0, -1)).toEqual(driven.turns.flat());
        expectOnce(told(live, /^<permissions instructions>([^]*)<\/permissions instructions>$/));
        const cwds = told(live, /^<environment_context>\n {2}<cwd>(.*)<\/cwd>/);
        expectOnce(cwds);
        expect(cwds.at(-1)).toBe(driven.thread.settings.cwd);
        expect(told(live, /(Sandbox mode is `[a-z-]+`)/).at(-1)).toBe(
          `Sandbox mode is \`${driven.thread.settings.sandboxPolicy.type}\``,
        );
        expectOnce(told(live, /^# AGENTS.md instructions for .*\n\n<INSTRUCTIONS>\n([^]*)\n</));
      }),
      {
        numRuns: SEQUENCES,
        examples: once.map((steps) => [steps, false]),
        // The same ones each time where a change is judged; others wherever somebody works.
        ...(process.env["CI"] === undefined ? {} : { seed: 20_260_504 }),
      },
    );
  },
  SEQUENCES * 300,
);

/** Something was told, and nothing twice in a row. */
function expectOnce(texts: readonly string[]): void {
  expect(texts).not.toEqual([]);
  expect(texts.filter((text, index) => text === texts[index - 1])).toEqual([]);
}

function isCompaction({ input }: ResponsesRequest): boolean {
  const last = input.at(-1);
  return last?.type === "message" && JSON.stringify(last).includes(compactionPrompt.slice(0, 40));
}
