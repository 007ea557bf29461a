// The engine: a fixed list of handlers, and one call for each time an event occurs.
import { dialectNamed } from "./dialect.ts";
import {
  hookEventLabel,
  type HookEventName,
  type HookInput,
  type HookInputs,
  orderedInput,
} from "./events.ts";
import { type HookHandler, usesMatcher } from "./handler.ts";
import { failed, type Judgement } from "./judge.ts";
import { type HookOutcomes, mergeOutcome, type StopOutcome } from "./outcome.ts";
import { type HookLimits, type HookShell, type RunContext, runHandler } from "./run-handler.ts";
import type { HookRunSummary } from "@codex-ts/protocol";
import { type HookRunEvent, runEventName } from "./run-summary.ts";

/** What an engine runs, and in which surroundings. */
export interface HooksOptions {
  /** In declaration order: what `discoverHooks` found, what `functionHook` made, or both. */
  readonly handlers: readonly HookHandler[];
  /** `$SHELL`, else `/bin/sh`, with `-lc` when left out (`%COMSPEC%` with `/C` on Windows). */
  readonly shell?: HookShell | undefined;
  /** The whole environment of commands; this process's when left out. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** {@link defaultHookLimits} for those left out. */
  readonly limits?: Partial<HookLimits> | undefined;
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** One occurrence of an event. */
export interface HookRunOptions {
  /** Ends all runs and their processes. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Told of each run: all starts first, then each completion as it happens. It must not throw.
   */
  readonly onEvent?: ((event: HookRunEvent) => void) | undefined;
  /** Other names of the tool that matchers may mean, besides `tool_name`. */
  readonly toolAliases?: readonly string[] | undefined;
}

/** What a caller gives: the payload without the event's name. */
export type HookRequest<E extends HookEventName> = Omit<HookInputs[E], "hook_event_name">;

/** The engine: runs the handlers of an event and merges what they say. */
export interface Hooks extends AsyncDisposable {
  /** In display order. */
  readonly handlers: readonly HookHandler[];
  /** Whether anything could run at an event: a way to skip making a payload. */
  has(event: HookEventName): boolean;
  /** The runs that would start, as `running`; their ids are not those of the later runs. */
  preview<E extends HookEventName>(
    event: E,
    request: HookRequest<E>,
    options?: Pick<HookRunOptions, "toolAliases">,
  ): readonly HookRunSummary[];
  /**
   * Runs all handlers that match, at the same time, and merges what they say in declaration order.
   * It never rejects: a hook that misbehaves is a failed run, an abort makes an outcome that says
   * `cancelled`.
   */
  run<E extends HookEventName>(
    event: E,
    request: HookRequest<E>,
    options?: HookRunOptions,
  ): Promise<HookOutcomes[E]>;
  /** Ends what runs; later calls run nothing and come out as cancelled. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The bounds of an engine that is given none. */
export const defaultHookLimits: HookLimits = {
  maxOutputBytes: 1024 * 1024,
  maxTextCharacters: 10_000,
  pipeGraceMs: 250,
  maxStopContinuations: 10,
};

/** The shell that commands run in when none is configured. */
export function defaultHookShell(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): HookShell {
  return platform === "win32"
    ? { program: env["COMSPEC"] ?? "cmd.exe", args: ["/C"] }
    : { program: env["SHELL"] ?? "/bin/sh", args: ["-lc"] };
}

/**
 * Makes an engine. It holds no process between calls.
 *
 * ```ts
 * await using hooks = createHooks({ handlers: [guard] });
 * const { block } = await hooks.run("PreToolUse", request);
 * ```
 */
export function createHooks(options: HooksOptions): Hooks {
  const { handlers } = options;
  const env = options.env ?? process.env;
  const shell = options.shell ?? defaultHookShell(env);
  const limits = { ...defaultHookLimits, ...options.limits };
  const now = options.now ?? Date.now;
  const closing = new AbortController();
  const active = new Set<Promise<unknown>>();
  const track = trackGroups();
  const countContinuation = continuationCounter();
  const byEvent = Map.groupBy(
    handlers.map((handler, displayOrder) => ({ handler, displayOrder })),
    ({ handler }) => handler.event,
  );

  const select = (input: HookInput, aliases: readonly string[]) =>
    (byEvent.get(input.hook_event_name) ?? []).filter(({ handler }) =>
      applies(handler, input, aliases),
    );

  const start = (selected: Selected, input: HookInput): Started => ({
    ...selected,
    summary: startedSummary(selected, input.hook_event_name, now()),
  });

  async function runOne(
    { handler, summary }: Started,
    input: HookInput,
    context: RunContext,
    announce: (type: HookRunEvent["type"], run: HookRunSummary) => void,
  ) {
    const before = performance.now();
    const judgement = await runHandler(handler, input, context);
    const finished = finishedSummary(summary, judgement, now(), performance.now() - before);
    announce("hook_completed", finished);
    return { summary: finished, judgement };
  }

  async function run<E extends HookEventName>(
    event: E,
    request: HookRequest<E>,
    signal: AbortSignal,
    { onEvent, toolAliases = [] }: HookRunOptions = {},
  ): Promise<HookOutcomes[E]> {
    const input = completeInput(event, request);
    if (signal.aborted) return { ...mergeOutcome(event, []), cancelled: true };
    const selected = select(input, toolAliases);
    if (selected.length === 0) return mergeOutcome(event, []);
    const turnId = "turn_id" in input ? { turn_id: input.turn_id } : {};
    const announce = (type: HookRunEvent["type"], summary: HookRunSummary) =>
      onEvent?.({ type, ...turnId, run: summary });
    const started = selected.map((each) => start(each, input));
    for (const { summary } of started) announce("hook_started", summary);
    const unsendable = unsendableInput(input);
    if (unsendable !== null) {
      const finished = started.map(({ handler, summary }) => {
        const judgement = failed(event, unsendable, handler.failClosed);
        return { summary: finishedSummary(summary, judgement, now(), /*duration*/ 0), judgement };
      });
      for (const { summary } of finished) announce("hook_completed", summary);
      return mergeOutcome(event, finished);
    }
    const context: RunContext = { shell, env, limits, now, signal, track };
    const finished = await Promise.all(
      started.map((each) => runOne(each, input, context, announce)),
    );
    const outcome = mergeOutcome(event, finished);
    if (input.hook_event_name !== "Stop") return outcome;
    const count = countContinuation(input, outcome as StopOutcome);
    return (
      count > limits.maxStopContinuations ? endless(outcome as StopOutcome, limits) : outcome
    ) as HookOutcomes[E];
  }

  return {
    handlers,
    has: (event) => byEvent.has(event),
    preview: (event, request, { toolAliases = [] } = {}) => {
      const input = completeInput(event, request);
      return select(input, toolAliases).map((each) => start(each, input).summary);
    },
    run: async (event, request, runOptions) => {
      const either = eitherSignal(closing.signal, runOptions?.signal);
      const running = run(event, request, either.signal, runOptions);
      active.add(running);
      try {
        return await running;
      } finally {
        active.delete(running);
        either.release();
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.allSettled(active);
    },
  };
}

/** Aborted with the first of two; unlike `AbortSignal.any`, it holds on to neither once released. */
function eitherSignal(first: AbortSignal, second: AbortSignal | undefined) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const signals = second === undefined ? [first] : [first, second];
  for (const signal of signals) {
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
  }
  const release = () => {
    for (const signal of signals) signal.removeEventListener("abort", abort);
  };
  return { signal: controller.signal, release };
}

interface Selected {
  readonly handler: HookHandler;
  readonly displayOrder: number;
}

interface Started extends Selected {
  readonly summary: HookRunSummary;
}

/** What is sent, in the order in which it is sent. */
function completeInput(event: HookEventName, request: object): HookInput {
  return orderedInput({ ...request, hook_event_name: event } as HookInput);
}

function applies(handler: HookHandler, input: HookInput, aliases: readonly string[]): boolean {
  if (!usesMatcher(handler.event)) return true;
  if (input.hook_event_name === "SessionStart") return handler.matches(input.source);
  if (input.hook_event_name !== "PreToolUse" && input.hook_event_name !== "PostToolUse") {
    return true;
  }
  const names =
    handler.type === "command"
      ? dialectNamed(handler.dialect).toolNames(input.tool_name)
      : [input.tool_name];
  return [...names, ...aliases].some((name) => handler.matches(name));
}

function startedSummary(
  { handler, displayOrder }: Selected,
  event: HookEventName,
  now: number,
): HookRunSummary {
  return {
    id: `${hookEventLabel(event)}:${displayOrder}:${handler.source.path}:${crypto.randomUUID()}`,
    event_name: runEventName(event),
    handler_type: handler.type,
    execution_mode: "sync",
    scope: event === "SessionStart" ? "thread" : "turn",
    source_path: handler.source.path,
    display_order: displayOrder,
    status: "running",
    status_message: handler.statusMessage,
    started_at: Math.floor(now / 1000),
    completed_at: null,
    duration_ms: null,
    entries: [],
  };
}

function finishedSummary(
  summary: HookRunSummary,
  { status, entries }: Judgement,
  now: number,
  duration: number,
): HookRunSummary {
  return {
    ...summary,
    status,
    completed_at: Math.floor(now / 1000),
    duration_ms: Math.round(duration),
    entries,
  };
}

/** Why a payload cannot be sent to anyone; null when it can. Only a tool's values can be to blame. */
function unsendableInput(input: HookInput): string | null {
  if (!("tool_input" in input)) return null;
  try {
    JSON.stringify([input.tool_input, "tool_response" in input ? input.tool_response : null]);
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the hook's input cannot be written as JSON: ${reason}`;
  }
}

/** Counts how often Stop hooks have continued a session's present turn, one time after another. */
function continuationCounter() {
  const turns = new Map<string, { readonly turn: string; readonly count: number }>();
  return (input: HookInputs["Stop"], outcome: StopOutcome): number => {
    if (outcome.block === null || outcome.cancelled) {
      turns.delete(input.session_id);
      return 0;
    }
    const known = turns.get(input.session_id);
    const count = known?.turn === input.turn_id ? known.count + 1 : 1;
    turns.set(input.session_id, { turn: input.turn_id, count });
    return count;
  };
}

function endless(outcome: StopOutcome, { maxStopContinuations }: HookLimits): StopOutcome {
  return {
    ...outcome,
    block: null,
    warnings: [
      ...outcome.warnings,
      `Stop hooks have continued this turn ${maxStopContinuations} times; the turn ends now, although they ask for more`,
    ],
  };
}

/** Ends the groups that still run when this process exits: they are no longer in its own group. */
function trackGroups() {
  const groups = new Set<() => void>();
  const endAll = () => {
    for (const kill of groups) kill();
  };
  return (kill: () => void) => {
    if (groups.size === 0) process.on("exit", endAll);
    groups.add(kill);
    return () => {
      groups.delete(kill);
      if (groups.size === 0) process.off("exit", endAll);
    };
  };
}
