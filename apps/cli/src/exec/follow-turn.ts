// One turn from its input to its exit code: events are written out, signals stop it in order.
import { writeFile } from "node:fs/promises";
import type { Thread } from "@codex-ts/core";
import type { Event, EventMsg, JsonValue, UserInput } from "@codex-ts/protocol";
import { type ColorMode, painter, wantsColor } from "../colors.ts";
import type { Engine } from "../engine.ts";
import type { Terminal } from "../terminal.ts";
import { version } from "../version.ts";
import { HumanOutput } from "./human-output.ts";
import { JsonEventStream } from "./json-events.ts";
import { onStopSignals } from "./stop-signals.ts";

export interface FollowOptions {
  readonly engine: Engine;
  readonly thread: Thread;
  readonly terminal: Terminal;
  readonly input: readonly UserInput[];
  readonly prompt: string;
  readonly outputSchema: JsonValue;
  readonly json: boolean;
  readonly color: ColorMode;
  /** Where the last message goes when the turn completes. */
  readonly lastMessageFile: string | null;
}

interface Output {
  readonly start: (event: Extract<EventMsg, { type: "session_configured" }>) => void;
  readonly push: (msg: EventMsg) => void;
  readonly end: (outcome: TurnEnd) => void;
}

type TurnEnd =
  | { readonly kind: "completed"; readonly lastMessage: string | null }
  | { readonly kind: "failed" }
  | { readonly kind: "interrupted" };

/** Resolves to the exit code when the thread is shut down and everything is written. */
export async function followTurn(options: FollowOptions): Promise<number> {
  const { thread, terminal, engine } = options;
  const shown = options.json ? jsonOutput(terminal) : humanOutput(options);
  let ranCommands = false;
  const output: Output = {
    ...shown,
    push: (msg) => {
      ranCommands ||= msg.type === "exec_command_begin";
      shown.push(msg);
    },
  };
  const signals = onStopSignals({
    stop: async () => {
      await thread.submit({ type: "interrupt" });
    },
  });
  let end: TurnEnd;
  try {
    end = await followEvents(options, output);
  } finally {
    signals.turnIsOver();
    await thread.shutdown();
  }
  if (ranCommands && !options.json) await reportSandbox(engine, terminal);
  if (end.kind === "completed") await writeLastMessage(options, end.lastMessage);
  output.end(end);
  if (signals.exitCode !== null) return signals.exitCode;
  return end.kind === "completed" ? 0 : 1;
}

async function followEvents(options: FollowOptions, output: Output): Promise<TurnEnd> {
  const { thread, input, outputSchema } = options;
  let failed = false;
  let started = false;
  for await (const { msg } of thread.events() as AsyncIterable<Event>) {
    switch (msg.type) {
      case "session_configured":
        output.start(msg);
        started = true;
        await thread.submit({
          type: "user_input",
          items: input,
          final_output_json_schema: outputSchema,
        });
        break;
      case "error":
        failed = true;
        output.push(msg);
        break;
      case "task_complete":
        output.push(msg);
        return failed
          ? { kind: "failed" }
          : { kind: "completed", lastMessage: msg.last_agent_message };
      case "turn_aborted":
        output.push(msg);
        return { kind: "interrupted" };
      default:
        output.push(msg);
        break;
    }
  }
  return started ? { kind: "failed" } : { kind: "interrupted" };
}

function jsonOutput(terminal: Terminal): Output {
  const stream = new JsonEventStream();
  const push = (msg: EventMsg): void => {
    for (const event of stream.push(msg)) terminal.stdout(`${JSON.stringify(event)}\n`);
  };
  return { start: push, push, end: () => {} };
}

function humanOutput(options: FollowOptions): Output {
  const { terminal, engine } = options;
  const output = new HumanOutput({
    paint: painter(
      wantsColor({
        mode: options.color,
        isTerminal: terminal.stderrIsTerminal,
        env: terminal.env,
      }),
    ),
    write: terminal.stderr,
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
        effort: event.reasoning_effort ?? null,
        summaries: engine.threadConfig.summary ?? null,
        sessionId: event.session_id,
        prompt: options.prompt,
      });
    },
    push: (msg) => output.push(msg),
    end: (end) => {
      output.end();
      if (end.kind !== "completed" || end.lastMessage === null) return;
      if (!(terminal.stdoutIsTerminal && terminal.stderrIsTerminal)) {
        terminal.stdout(`${end.lastMessage}\n`);
      } else if (output.lastShownMessage !== end.lastMessage) {
        terminal.stderr(`${end.lastMessage}\n`);
      }
    },
  };
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
