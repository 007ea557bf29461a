// Handlers: what a file or a program has configured to run at an event.
import { HookError } from "./errors.ts";
import type { DialectName } from "./dialect.ts";
import type { HookEventName, HookInputs, HookOutputs } from "./events.ts";
import { compileMatcher, type Matcher } from "./matcher.ts";

/** Where a handler was configured. */
export interface HookSource {
  /** The file; `in-process:NAME` for a function. */
  readonly path: string;
  /** 1-based; null where it is not known. */
  readonly line: number | null;
  /** Which layer it came from: `user`, `project` …; `in-process` for a function. */
  readonly layer: string;
}

interface HandlerFacts {
  readonly event: HookEventName;
  /** As it was written; null when absent or of no use to the event. */
  readonly matcher: string | null;
  readonly matches: Matcher;
  readonly timeoutMs: number;
  readonly statusMessage: string | null;
  /** Whether a run that fails blocks, as a guard should: PreToolUse and UserPromptSubmit alone. */
  readonly failClosed: boolean;
  readonly source: HookSource;
}

/** A command, run by the shell. */
export interface CommandHandler extends HandlerFacts {
  readonly type: "command";
  readonly command: string;
  readonly dialect: DialectName;
}

/** A function of the program that embeds the engine. */
export interface FunctionHandler extends HandlerFacts {
  readonly type: "function";
  readonly run: (
    input: HookInputs[HookEventName],
    context: { readonly signal: AbortSignal },
  ) => unknown;
}

/** What runs at an event. */
export type HookHandler = CommandHandler | FunctionHandler;

const defaultTimeoutMs = 600_000;

/** Whether matchers mean anything at an event. */
export function usesMatcher(event: HookEventName): boolean {
  return event !== "UserPromptSubmit" && event !== "Stop";
}

/** A hook that is a function of the program that embeds the engine. */
export interface FunctionHookOptions<E extends HookEventName> {
  /** Names the hook in run summaries. */
  readonly name: string;
  /** As in a file; everything when left out. */
  readonly matcher?: string | undefined;
  /** 600,000 when left out. The hook's `signal` is aborted then, and its answer no longer counts. */
  readonly timeoutMs?: number | undefined;
  readonly statusMessage?: string | undefined;
  /** Whether a throw, a timeout or a bad answer blocks (PreToolUse and UserPromptSubmit). */
  readonly failClosed?: boolean | undefined;
  /** Answers as a command would on standard output; nothing is "no objection". A throw is a failed run. */
  readonly run: (
    input: HookInputs[E],
    context: { readonly signal: AbortSignal },
  ) => HookOutputs[E] | null | undefined | void | Promise<HookOutputs[E] | null | undefined | void>;
}

/**
 * A hook that is a function of this program.
 *
 * ```ts
 * const guard = functionHook("PreToolUse", {
 *   name: "guard",
 *   matcher: "^Bash$",
 *   run: ({ tool_input }) =>
 *     JSON.stringify(tool_input).includes("rm -rf") ? { decision: "block", reason: "no" } : null,
 * });
 * ```
 *
 * @throws HookError `bad_matcher`
 */
export function functionHook<E extends HookEventName>(
  event: E,
  options: FunctionHookOptions<E>,
): FunctionHandler {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  if (!(timeoutMs > 0)) {
    throw new HookError("bad_input", `the timeout of the hook ${options.name} must be above 0`);
  }
  const matcher = usesMatcher(event) ? (options.matcher ?? null) : null;
  return {
    type: "function",
    event,
    matcher,
    matches: compileMatcher(matcher),
    timeoutMs,
    statusMessage: options.statusMessage ?? null,
    failClosed: options.failClosed ?? false,
    source: { path: `in-process:${options.name}`, line: null, layer: "in-process" },
    // The engine calls a handler with its own event's input alone.
    run: options.run as FunctionHandler["run"],
  };
}
