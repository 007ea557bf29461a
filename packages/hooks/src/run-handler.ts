// Runs one handler and judges what came of it.
import { dialectNamed, type Dialect } from "./dialect.ts";
import type { HookEventName, HookInput } from "./events.ts";
import type { CommandHandler, FunctionHandler, HookHandler } from "./handler.ts";
import {
  cancelled,
  completed,
  failed,
  judgeOutput,
  judgeRefusal,
  judgeText,
  type Judgement,
} from "./judge.ts";
import { type CommandOutput, runCommand } from "./run-command.ts";
import type { HookRunEntry } from "@codex-ts/protocol";

/** A shell that takes a command line as its last argument. */
export interface HookShell {
  readonly program: string;
  /** What stands before the command line: `["-c"]`. */
  readonly args: readonly string[];
}

/** Bounds on what hooks may do. {@link defaultHookLimits} has the values given here. */
export interface HookLimits {
  /** Bytes kept of each of a command's two outputs; 1 MiB. */
  readonly maxOutputBytes: number;
  /** Characters of a context, reason or message; 10,000. */
  readonly maxTextCharacters: number;
  /** How long pipes are waited for that a background process keeps open; 250 milliseconds. */
  readonly pipeGraceMs: number;
  /** How often Stop hooks may continue one turn; 10. */
  readonly maxStopContinuations: number;
}

/** What a run needs of its engine. */
export interface RunContext {
  readonly shell: HookShell;
  readonly env: NodeJS.ProcessEnv;
  readonly limits: HookLimits;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly track: (kill: () => void) => () => void;
}

/** Never rejects: whatever a hook does ends as a judgement. */
export async function runHandler(
  handler: HookHandler,
  input: HookInput,
  context: RunContext,
): Promise<Judgement> {
  try {
    const judgement =
      handler.type === "command"
        ? await runCommandHandler(handler, input, context)
        : await runFunctionHandler(handler, input, context);
    return bounded(judgement, context.limits.maxTextCharacters);
  } catch (error) {
    return failure(handler, messageOf(error));
  }
}

function failure(
  handler: HookHandler,
  error: string,
  earlier: readonly HookRunEntry[] = [],
): Judgement {
  return failed(handler.event, error, handler.failClosed, earlier);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function runCommandHandler(
  handler: CommandHandler,
  input: HookInput,
  context: RunContext,
): Promise<Judgement> {
  const dialect = dialectNamed(handler.dialect);
  let stdin: string;
  try {
    stdin = JSON.stringify(dialect.encodeInput(input, new Date(context.now())));
  } catch (error) {
    return failure(handler, `the hook's input cannot be written as JSON: ${messageOf(error)}`);
  }
  const result = await runCommand({
    program: context.shell.program,
    args: [...context.shell.args, handler.command],
    cwd: input.cwd,
    env: { ...context.env, ...dialect.environment(input) },
    stdin,
    timeoutMs: handler.timeoutMs,
    graceMs: context.limits.pipeGraceMs,
    maxOutputBytes: context.limits.maxOutputBytes,
    signal: context.signal,
    track: context.track,
  });
  switch (result.kind) {
    case "aborted":
      return cancelled;
    case "not-started":
      return failure(
        handler,
        `the hook could not be started with ${context.shell.program} in ${input.cwd}: ${result.reason}`,
      );
    case "timed-out":
      return failure(handler, `the hook timed out after ${seconds(handler.timeoutMs)}`);
    case "killed":
      return failure(handler, `the hook ended without a status code (signal ${result.signal})`);
    case "exited":
      return await judgeExit(handler, dialect, result.code, result, context.limits);
  }
}

function seconds(milliseconds: number): string {
  const count = milliseconds / 1000;
  return `${count} ${count === 1 ? "second" : "seconds"}`;
}

async function judgeExit(
  handler: CommandHandler,
  dialect: Dialect,
  code: number,
  output: CommandOutput,
  limits: HookLimits,
): Promise<Judgement> {
  const { event } = handler;
  if (code === 2) {
    const refusal = judgeRefusal(event, output.stderr);
    return typeof refusal === "string" ? failure(handler, refusal) : refusal;
  }
  if (code !== 0)
    return failure(handler, `the hook exited with code ${code}${hint(output.stderr)}`);
  const text = output.stdout.trim();
  if (text === "") return completed;
  const answer = await readAnswer(event, dialect, text);
  if (answer.kind === "answer") return judged(handler, answer.output, answer.notes);
  if (/^[[{]/.test(text)) {
    const reason = output.cut
      ? `it is longer than ${limits.maxOutputBytes} bytes and was cut`
      : answer.reason;
    return failure(handler, `the ${event} hook's JSON output is invalid: ${reason}`);
  }
  if (event === "Stop" && dialect.toleratesStopText) return completed;
  const plain = judgeText(event, text);
  return typeof plain === "string" ? failure(handler, plain) : plain;
}

/** The first line of what a failed command wrote to standard error. */
function hint(stderr: string): string {
  const [line = ""] = stderr.trim().split("\n", 1);
  return line === "" ? "" : `: ${line.length > 200 ? `${line.slice(0, 200)}…` : line}`;
}

type Answer =
  | { readonly kind: "answer"; readonly output: object; readonly notes: readonly string[] }
  | { readonly kind: "none"; readonly reason: string };

async function readAnswer(event: HookEventName, dialect: Dialect, text: string): Promise<Answer> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: "none", reason: messageOf(error) };
  }
  const decoded = dialect.decodeOutput(event, value);
  if (!decoded.ok) return { kind: "none", reason: decoded.reason };
  const checked = await checkAnswer(event, decoded.value);
  return typeof checked === "string"
    ? { kind: "none", reason: checked }
    : { kind: "answer", output: checked, notes: decoded.notes };
}

/** Loaded when a hook first answers: most say nothing. */
async function checkAnswer(event: HookEventName, value: unknown): Promise<object | string> {
  const { complaint, hookOutputSchemas } = await import("./schemas.ts");
  const parsed = hookOutputSchemas[event].safeParse(value);
  return parsed.success ? parsed.data : complaint(parsed.error);
}

function judged(handler: HookHandler, output: object, notes: readonly string[]): Judgement {
  const { notes: warnings, result } = judgeOutput(handler.event, output);
  const first = [...warnings, ...notes.map((text): HookRunEntry => ({ kind: "warning", text }))];
  return typeof result === "string"
    ? failure(handler, result, first)
    : { ...result, entries: [...first, ...result.entries] };
}

async function runFunctionHandler(
  handler: FunctionHandler,
  input: HookInput,
  context: RunContext,
): Promise<Judgement> {
  const outcome = await withDeadline(
    (signal) => handler.run(input, { signal }),
    handler.timeoutMs,
    context.signal,
  );
  if (outcome.kind === "aborted") return cancelled;
  if (outcome.kind === "timed-out") {
    return failure(handler, `the hook timed out after ${seconds(handler.timeoutMs)}`);
  }
  if (outcome.value === undefined || outcome.value === null) return completed;
  const checked = await checkAnswer(handler.event, outcome.value);
  return typeof checked === "string"
    ? failure(handler, `the ${handler.event} hook's answer is invalid: ${checked}`)
    : judged(handler, checked, []);
}

type Deadline =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "timed-out" }
  | { readonly kind: "aborted" };

async function withDeadline(
  run: (signal: AbortSignal) => unknown,
  timeoutMs: number,
  outer: AbortSignal,
): Promise<Deadline> {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Deadline>();
  const give = (kind: "timed-out" | "aborted") => {
    resolve({ kind });
    controller.abort();
  };
  const abort = () => give("aborted");
  outer.addEventListener("abort", abort, { once: true });
  // A longer delay than timers can hold is no delay to them.
  const timer = setTimeout(() => give("timed-out"), Math.min(timeoutMs, 2 ** 31 - 1));
  try {
    const value = Promise.resolve(run(controller.signal)).then((given): Deadline => ({
      kind: "value",
      value: given,
    }));
    return await Promise.race([promise, value]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", abort);
  }
}

/** Texts cut to what a model and a person can take. */
function bounded(judgement: Judgement, limit: number): Judgement {
  const cut = (text: string) =>
    text.length <= limit
      ? text
      : `${text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, "")}\n[cut: ${text.length - limit} more characters]`;
  const orNull = (text: string | null) => (text === null ? null : cut(text));
  return {
    ...judgement,
    entries: judgement.entries.map(({ kind, text }) => ({ kind, text: cut(text) })),
    context: orNull(judgement.context),
    stop: judgement.stop === null ? null : { reason: orNull(judgement.stop.reason) },
    block: orNull(judgement.block),
    feedback: orNull(judgement.feedback),
  };
}
