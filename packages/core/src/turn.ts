// One turn: from a person's input to the model's last word.
import { setTimeout as sleep } from "node:timers/promises";
import { hookPrompt } from "@codex-ts/hooks";
import {
  type CodexErrorInfo,
  developerMessage,
  type ResponseItem,
  type TurnItem,
  type UserInput,
} from "@codex-ts/protocol";
import { ResponsesError } from "@codex-ts/responses-client";
import { compact, type CompactionServices, needsCompaction } from "./compaction.ts";
import { contextUpdates, type ContextSources } from "./context-updates.ts";
import type { JournalEntry } from "./journal.ts";
import { responsesRequest } from "./responses-request.ts";
import { sample, type Sampled, StreamBrokeAfterTools } from "./sampling.ts";
import { turnContextItem } from "./turn-context.ts";
import { userInputMessage } from "./user-message.ts";

export interface TurnServices extends CompactionServices {
  readonly contextSources: () => ContextSources;
  /** Input that came while the turn was running; it may grow while the turn goes on. */
  readonly pendingInput: (readonly UserInput[])[];
  /** What scripts have for the model since it was last asked; given once. */
  readonly takeNotices: () => readonly ResponseItem[];
  /** The start that SessionStart hooks are yet to be told of; taken once. */
  readonly takeSessionStart: () => "startup" | "resume" | null;
  /** Makes the session file appear. */
  readonly materialise: () => Promise<void>;
}

/** How a turn ended by itself; an interrupted turn rejects instead. */
export type TurnOutcome =
  | {
      readonly kind: "completed";
      readonly lastAgentMessage: string | null;
      /** A hook ended it before the model was done. */
      readonly stoppedByHook: boolean;
    }
  | { readonly kind: "failed"; readonly message: string; readonly info: CodexErrorInfo | null };

const INVALID_IMAGE = "Invalid image";

/** A turn that a hook ended before anything was said. */
const nothingSaid: TurnOutcome = {
  kind: "completed",
  lastAgentMessage: null,
  stoppedByHook: true,
};

/** Runs one turn. Rejects only when `signal` aborted or the session is broken. */
export async function runTurn(
  services: TurnServices,
  input: readonly UserInput[],
): Promise<TurnOutcome> {
  if (needsCompaction(services)) {
    const failed = await compactOrFail(services, false);
    if (failed !== null) return failed;
  }
  await recordContext(services);
  if (!(await startSession(services))) return nothingSaid;
  if (!(await acceptInput(services, input))) return nothingSaid;

  let lastAgentMessage: string | null = null;
  let stopHookActive = false;
  for (;;) {
    await recordNotices(services);
    if ((await drainPendingInput(services)) === "refused") break;
    try {
      const sampled = await sampleWithRetries(services);
      lastAgentMessage = sampled.lastAgentMessage ?? lastAgentMessage;
      if (sampled.needsFollowUp || services.pendingInput.length > 0) {
        if (!needsCompaction(services)) continue;
        const failed = await compactOrFail(services, true);
        if (failed !== null) return failed;
        continue;
      }
    } catch (error) {
      services.signal.throwIfAborted();
      if (isInvalidImage(error) && services.history.replaceLastOutputImages(INVALID_IMAGE))
        continue;
      return failure(services, error);
    }
    const verdict = await askStopHooks(services, stopHookActive, lastAgentMessage);
    if (verdict === "stop") return { kind: "completed", lastAgentMessage, stoppedByHook: true };
    if (verdict === "end") break;
    stopHookActive = true;
  }

  await recordNotices(services);
  await drainPendingInput(services);
  return { kind: "completed", lastAgentMessage, stoppedByHook: false };
}

/** Makes room in the context; gives the turn's end when that cannot be done. */
async function compactOrFail(
  services: TurnServices,
  midTurn: boolean,
): Promise<TurnOutcome | null> {
  try {
    await compact(services, midTurn);
    return null;
  } catch (error) {
    services.signal.throwIfAborted();
    return failure(services, error);
  }
}

/** Tells the model what it does not know yet, and notes what it now knows. */
async function recordContext(services: TurnServices): Promise<void> {
  const { turn, history, journal } = services;
  const updates = contextUpdates(services.contextSources(), history.reference);
  for (const item of updates) history.record(item, turn.truncation);
  const context = turnContextItem(turn);
  history.reference = context;
  await journal.post(
    ...updates.map((item): JournalEntry => ({ kind: "item", id: turn.turnId, item })),
    { kind: "line", item: { type: "turn_context", payload: context } },
  );
}

/** Asks the hooks of a session's start; false when one of them ends the turn. */
async function startSession(services: TurnServices): Promise<boolean> {
  if (services.hooks === null) return true;
  const source = services.takeSessionStart();
  if (source === null) return true;
  const { stop, contexts } = await services.hooks.sessionStart(source);
  await recordContexts(services, contexts);
  return stop === null;
}

/** Puts input to the hooks and records it; false when a hook refused it. */
async function acceptInput(services: TurnServices, input: readonly UserInput[]): Promise<boolean> {
  if (input.length === 0) return true;
  const prompt = input.map((part) => (part.type === "text" ? part.text : "")).join("");
  const verdict = await services.hooks?.promptSubmit(prompt);
  const isAccepted = verdict === undefined || verdict.stop === null;
  if (isAccepted) await recordUserInput(services, input);
  await recordContexts(services, verdict?.contexts ?? []);
  return isAccepted;
}

/**
 * Records what the person added meanwhile, up to the first input that a hook refuses; what is behind
 * that waits for the next round, if there is one. `refused`: there was input, and none was accepted.
 */
async function drainPendingInput(services: TurnServices): Promise<"drained" | "refused"> {
  let accepted = 0;
  for (;;) {
    const input = services.pendingInput.shift();
    if (input === undefined) return "drained";
    if (await acceptInput(services, input)) accepted += 1;
    else if (accepted > 0) return "drained";
    else if (services.pendingInput.length === 0) return "refused";
  }
}

/** What scripts told meanwhile; it neither ends nor prolongs a turn. */
async function recordNotices({ turn, history, journal, takeNotices }: TurnServices): Promise<void> {
  for (const item of takeNotices()) {
    history.record(item, turn.truncation);
    await journal.post({ kind: "item", id: turn.turnId, item });
  }
}

/** What hooks want the model to know: a developer message each. */
async function recordContexts(
  { turn, history, journal }: TurnServices,
  contexts: readonly string[],
): Promise<void> {
  for (const text of contexts) {
    const item = developerMessage(text);
    history.record(item, turn.truncation);
    await journal.post({ kind: "item", id: turn.turnId, item });
  }
}

/** Asks the Stop hooks; `continue` has recorded why the model is to go on. */
async function askStopHooks(
  services: TurnServices,
  stopHookActive: boolean,
  lastMessage: string | null,
): Promise<"continue" | "stop" | "end"> {
  if (services.hooks === null) return "end";
  const { turn, history, journal } = services;
  const outcome = await services.hooks.stop(stopHookActive, lastMessage);
  if (outcome.stop !== null) return "stop";
  const prompt = outcome.block === null ? null : hookPrompt(outcome.block.fragments);
  if (prompt === null) return "end";
  const { message, item } = prompt;
  history.record(message, turn.truncation);
  const scope = { thread_id: services.threadId, turn_id: turn.turnId };
  await journal.post(
    { kind: "item", id: turn.turnId, item: message },
    { kind: "event", id: turn.turnId, msg: { type: "item_started", ...scope, item } },
    { kind: "event", id: turn.turnId, msg: { type: "item_completed", ...scope, item } },
  );
  return "continue";
}

/** Records a user message and announces it as an item of the turn. */
async function recordUserInput(services: TurnServices, input: readonly UserInput[]): Promise<void> {
  if (input.length === 0) return;
  const { turn, history, journal } = services;
  const message = await userInputMessage(input);
  const item: TurnItem = { type: "UserMessage", id: crypto.randomUUID(), content: input };
  history.record(message, turn.truncation);
  history.previousTurn = { model: turn.settings.model };
  await services.materialise();
  const scope = { thread_id: services.threadId, turn_id: turn.turnId };
  await journal.post(
    { kind: "item", id: turn.turnId, item: message },
    { kind: "event", id: turn.turnId, msg: { type: "item_started", ...scope, item } },
    { kind: "event", id: turn.turnId, msg: { type: "item_completed", ...scope, item } },
  );
}

/** Sends the request until it succeeds, fails for good, or the retries are used up. */
async function sampleWithRetries(services: TurnServices): Promise<Sampled> {
  let request = buildRequest(services);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sample(services, request, services.signal);
    } catch (error) {
      services.signal.throwIfAborted();
      const broke = error instanceof StreamBrokeAfterTools;
      const cause = broke ? error.cause : error;
      if (!(cause instanceof ResponsesError) || !cause.retryable) throw cause;
      if (attempt > services.streamMaxRetries) throw cause;
      await announceRetry(services, cause, attempt);
      await sleep(retryDelay(cause, attempt), undefined, { signal: services.signal });
      if (broke) request = buildRequest(services);
    }
  }
}

function buildRequest(services: TurnServices): ReturnType<typeof responsesRequest> {
  const { turn, history, router } = services;
  const freeformApplyPatch = router.specs.some(
    (spec) => spec.type === "custom" && spec.name === "apply_patch",
  );
  return responsesRequest({
    turn,
    instructions: services.instructions,
    input: history.forPrompt(turn.model, { freeformApplyPatch }),
    tools: router.specs,
    threadId: services.threadId,
    store: services.storeResponses,
  });
}

function retryDelay(error: ResponsesError, attempt: number): number {
  return error.retryAfterMs ?? 200 * 2 ** (attempt - 1) * (0.9 + Math.random() * 0.2);
}

async function announceRetry(
  services: TurnServices,
  error: ResponsesError,
  attempt: number,
): Promise<void> {
  await services.journal.post({
    kind: "event",
    id: services.turn.turnId,
    msg: {
      type: "stream_error",
      message: `Reconnecting... ${attempt}/${services.streamMaxRetries}`,
      codex_error_info: {
        response_stream_disconnected: { http_status_code: error.httpStatus ?? null },
      },
      additional_details: error.message,
    },
  });
}

function isInvalidImage(error: unknown): boolean {
  return error instanceof ResponsesError && error.code === "invalid_image";
}

/** Announces why the turn cannot go on. */
async function failure(services: TurnServices, error: unknown): Promise<TurnOutcome> {
  const { turn, history, rateLimits, journal } = services;
  const message = error instanceof Error ? error.message : String(error);
  const info = error instanceof ResponsesError ? error.info : "other";
  const entries: JournalEntry[] = [];
  if (error instanceof ResponsesError) {
    if (error.code === "context_window_exceeded" && turn.contextWindow !== null) {
      history.markContextFull(turn.contextWindow);
    }
    if (error.rateLimits !== undefined) rateLimits.merge(error.rateLimits);
    if (error.code === "context_window_exceeded" || error.rateLimits !== undefined) {
      entries.push({
        kind: "event",
        id: turn.turnId,
        msg: { type: "token_count", info: history.tokenInfo, rate_limits: rateLimits.current() },
      });
    }
  }
  entries.push({
    kind: "event",
    id: turn.turnId,
    msg: { type: "error", message, codex_error_info: info },
  });
  await journal.post(...entries);
  return { kind: "failed", message, info };
}
