// One turn from its input to its exit code: events are written out, signals stop it in order.
import { writeFile } from "node:fs/promises";
import type { Thread } from "@codex-ts/core";
import type { Event, EventMsg, Op } from "@codex-ts/protocol";
import { type ColorMode, type Paint, painter, wantsColor } from "../colors.ts";
import { joinWords } from "@codex-ts/shell-command";
import type { Engine } from "../engine.ts";
import type { Terminal } from "../terminal.ts";
import { version } from "../version.ts";
import { type JsonEvent, JsonEventStream } from "./json-events.ts";
import { ProgressLine } from "./progress-line.ts";
import type { LimitReached } from "./run-limits.ts";
import { onStopSignals } from "./stop-signals.ts";
import { visibleText } from "../visible-text.ts";

export interface FollowOptions {
  readonly engine: Engine;
  readonly thread: Thread;
  readonly terminal: Terminal;
  /** Starts the turn. */
  readonly op: Op;
  /** What the turn is about, for people. */
  readonly prompt: string;
  readonly json: boolean;
  readonly color: ColorMode;
  /** Where the last message goes when the turn completes. */
  readonly lastMessageFile: string | null;
  /** What a script asked for; no limits when left out. */
  readonly limits?: {
    /** From the prompt to the end of the turn; null for none. */
    readonly timeoutMs: number | null;
    /** A command, a patch or a prompt that was not allowed fails the run. */
    readonly failOnDenied: boolean;
    /** A limit that was reached elsewhere. */
    readonly reached: () => LimitReached | null;
  };
}

interface Output {
  readonly start: (event: Extract<EventMsg, { type: "session_configured" }>) => void;
  readonly push: (msg: EventMsg) => void;
  /** The turn's last event, and what it comes to. */
  readonly pushEnd: (msg: TurnEndEvent | null, limit: LimitReached | null) => void;
  readonly end: (outcome: TurnEnd) => void;
}

type TurnEndEvent = Extract<EventMsg, { type: "task_complete" | "turn_aborted" }>;

type TurnEnd =
  | { readonly kind: "completed"; readonly lastMessage: string | null }
  | { readonly kind: "failed" }
  | { readonly kind: "interrupted" };

/** Resolves to the exit code when the thread is shut down and everything is written. */
export async function followTurn(options: FollowOptions): Promise<number> {
  const { thread, terminal, engine } = options;
  const stop = async (): Promise<void> => {
    await thread.submit({ type: "interrupt" });
  };
  const signals = onStopSignals({ stop });
  const shown = options.json ? jsonOutput(terminal) : await humanOutput(options);
  let ranCommands = false;
  const output: Output = {
    ...shown,
    push: (msg) => {
      ranCommands ||= msg.type === "exec_command_begin";
      shown.push(msg);
    },
  };
  const limits = watchLimits(options, stop);
  let end: TurnEnd;
  try {
    end = await followEvents(options, output, limits);
  } finally {
    limits.turnIsOver();
    signals.turnIsOver();
    await thread.shutdown();
  }
  if (ranCommands && !options.json) await reportSandbox(engine, terminal);
  if (end.kind === "completed") await writeLastMessage(options, end.lastMessage);
  output.end(end);
  if (signals.exitCode !== null) return signals.exitCode;
  return end.kind === "completed" ? 0 : 1;
}

const unlimited: NonNullable<FollowOptions["limits"]> = {
  timeoutMs: null,
  failOnDenied: false,
  reached: () => null,
};

interface LimitWatch {
  see(msg: EventMsg): void;
  reached(): LimitReached | null;
  turnIsOver(): void;
}

/** Watches what would fail a run that the model itself would call done. */
function watchLimits({ limits = unlimited }: FollowOptions, stop: () => Promise<void>): LimitWatch {
  const { timeoutMs, failOnDenied } = limits;
  let reached: LimitReached | null = null;
  const timer =
    timeoutMs === null
      ? undefined
      : setTimeout(() => {
          reached = {
            code: "timeout",
            message: `the turn was stopped after ${timeoutMs / 1000} s, as --timeout asks`,
          };
          // A thread that is shut down already has nothing to stop.
          stop().catch(() => {});
        }, timeoutMs);
  return {
    see(msg) {
      const denied = failOnDenied && reached === null ? deniedIn(msg) : null;
      if (denied !== null) {
        reached = { code: "denied", message: `${denied} was not allowed (--fail-on-denied)` };
      }
    },
    reached: () => limits.reached() ?? reached,
    turnIsOver: () => clearTimeout(timer),
  };
}

/** What an event says that was not allowed; null when it says nothing of the kind. */
function deniedIn(msg: EventMsg): string | null {
  if (msg.type === "exec_command_end" && msg.status === "declined") return joinWords(msg.command);
  if (msg.type === "hook_completed") {
    const { event_name: event, status } = msg.run;
    const isRefusal = event === "user_prompt_submit" && status === "blocked";
    return isRefusal ? "the prompt" : null;
  }
  return msg.type === "patch_apply_end" && msg.status === "declined" ? "a patch" : null;
}

async function followEvents(
  options: FollowOptions,
  output: Output,
  limits: LimitWatch,
): Promise<TurnEnd> {
  const { thread, op } = options;
  let failed = false;
  let started = false;
  let lastPlan: string | null = null;
  for await (const { msg } of thread.events() as AsyncIterable<Event>) {
    limits.see(msg);
    switch (msg.type) {
      case "session_configured":
        output.start(msg);
        started = true;
        await thread.submit(op);
        break;
      case "error":
        failed = true;
        output.push(msg);
        break;
      case "task_complete":
        output.pushEnd(msg, limits.reached());
        return failed || limits.reached() !== null
          ? { kind: "failed" }
          : { kind: "completed", lastMessage: msg.last_agent_message ?? lastPlan };
      case "turn_aborted":
        output.pushEnd(msg, limits.reached());
        return { kind: "interrupted" };
      case "item_completed":
        if (msg.item.type === "Plan") lastPlan = msg.item.text;
        output.push(msg);
        break;
      default:
        output.push(msg);
        break;
    }
  }
  output.pushEnd(/*msg*/ null, limits.reached());
  return started ? { kind: "failed" } : { kind: "interrupted" };
}

function jsonOutput(terminal: Terminal): Output {
  const stream = new JsonEventStream();
  const write = (events: readonly JsonEvent[]): void => {
    for (const event of events) terminal.stdout(`${JSON.stringify(event)}\n`);
  };
  const push = (msg: EventMsg): void => write(stream.push(msg));
  return {
    start: push,
    push,
    pushEnd: (msg, limit) => write(stream.end(msg, limit)),
    end: () => {},
  };
}

async function humanOutput(options: FollowOptions): Promise<Output> {
  // What lays text out on a screen is not loaded for programs.
  const { HumanOutput } = await import("./human-output.ts");
  const { terminal, engine } = options;
  const isPainted = wantsColor({
    mode: options.color,
    isTerminal: terminal.stderrIsTerminal,
    env: terminal.env,
  });
  const paint = painter(isPainted);
  const progress = progressOf(terminal, paint);
  const output = new HumanOutput({
    paint,
    isPainted,
    write: (text) => (progress ?? { write: terminal.stderr }).write(text),
    columns: () => (terminal.stderrIsTerminal ? terminal.stderrColumns() : null),
    showsProgress: progress !== null,
    hideReasoning: engine.config.hideAgentReasoning,
    showRawReasoning: engine.config.showRawAgentReasoning,
  });
  return {
    start: (event) => {
      output.header({
        version,
        workdir: event.cwd,
        model: event.model,
        provider: event.model_provider_id,
        approval: typeof event.approval_policy === "string" ? event.approval_policy : "granular",
        sandbox: event.sandbox_policy,
        permissions: engine.config.permissions?.name ?? null,
        effort: event.reasoning_effort ?? null,
        summaries: engine.threadConfig.summary ?? null,
        sessionId: event.session_id,
        prompt: options.prompt,
      });
    },
    push: (msg) => {
      output.push(msg);
      progress?.see(msg);
    },
    pushEnd: (msg, limit) => {
      progress?.stop();
      if (msg !== null) output.push(msg);
      if (limit !== null) terminal.stderr(`Error: ${limit.message}\n`);
    },
    end: (end) => {
      output.end();
      if (end.kind !== "completed" || end.lastMessage === null) return;
      if (!(terminal.stdoutIsTerminal && terminal.stderrIsTerminal)) {
        // To a program the text goes as it is; a terminal is not to be moved by what it says.
        const text = terminal.stdoutIsTerminal ? visibleText(end.lastMessage) : end.lastMessage;
        terminal.stdout(`${text}\n`);
      } else if (output.lastShownMessage !== end.lastMessage) {
        terminal.stderr(`${visibleText(end.lastMessage)}\n`);
      }
    },
  };
}

/** A line that tells what goes on, where a person looks at a terminal that can erase one. */
function progressOf(
  { env, stderrIsTerminal, stderr, stderrColumns }: Terminal,
  paint: Paint,
): ProgressLine | null {
  if (!stderrIsTerminal || env["TERM"] === "dumb" || (env["CI"] ?? "") !== "") return null;
  return new ProgressLine({ write: stderr, columns: stderrColumns, paint });
}

async function writeLastMessage(options: FollowOptions, lastMessage: string | null): Promise<void> {
  const { lastMessageFile: file, terminal } = options;
  if (file === null) return;
  if (lastMessage === null) {
    terminal.stderr(`Warning: the turn ended without a message; ${file} is empty\n`);
  }
  try {
    await writeFile(file, lastMessage ?? "");
  } catch (error) {
    terminal.stderr(
      `Error: the last message could not be written to ${file}: ${(error as Error).message}\n`,
    );
  }
}

/** Says once, to a person, when the sandbox is not all that it could be. */
async function reportSandbox(engine: Engine, terminal: Terminal): Promise<void> {
  for (const warning of await engine.sandboxWarnings()) {
    terminal.stderr(`warning: ${warning}\n`);
  }
}
