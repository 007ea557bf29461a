// One turn: from a person's input to the model's last word.
import { hookPrompt, type HookStop } from "@codex-ts/hooks";
import {
  type CodexErrorInfo,
  developerMessage,
  type ResponseItem,
  type UserInput,
} from "@codex-ts/protocol";
import { ResponsesError } from "@codex-ts/responses-client";
import { injectSkills, selectSkills } from "@codex-ts/skills";
import {
  compact,
  type CompactionServices,
  type CompactionTime,
  needsCompaction,
  needsSmallerHistory,
} from "./compaction.ts";
import { contextUpdates, type ContextSources } from "./context-updates.ts";
import type { JournalEntry } from "./journal.ts";
import { inputText, mailItem, type PendingInput } from "./pending-input.ts";
import { recordItems, recordShownItem } from "./recording.ts";
import { responsesRequest } from "./responses-request.ts";
import { nextAttempt } from "./retries.ts";
import { sample, type Sampled } from "./sampling.ts";
import type { TurnContext } from "./turn-context.ts";
import { userInputMessage } from "./user-message.ts";

export interface TurnServices extends CompactionServices {
  readonly contextSources: () => ContextSources;
  /** The turn with the model of the turn before it, where that is another one. */
  readonly previousModelTurn: TurnContext | null;
  /** Input that came while the turn was running; it may grow while the turn goes on. */
  readonly pendingInput: PendingInput[];
  /** What the person has said in this turn; it grows with each input that is recorded. */
  readonly said: string[];
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

/**
 * Runs one turn on what is in `pendingInput`: `input`, which it was started with, and what was left
 * from before. What its end leaves there was not told to the model. Rejects only when `signal` aborted
 * or the session is broken.
 */
export async function runTurn(
  services: TurnServices,
  input: readonly PendingInput[],
): Promise<TurnOutcome> {
  const { pendingInput } = services;
  if (pendingInput.length === 0) return completed(/*lastAgentMessage*/ null);
  const noRoom = await makeRoom(services);
  if (noRoom !== null) return withoutInput(services, input, noRoom);
  await recordContext(services);
  if (!(await startSession(services)))
    return withoutInput(services, input, stoppedByHook(/*lastAgentMessage*/ null));

  let lastAgentMessage: string | null = null;
  let hasSampled = false;
  let stopHookActive = false;
  for (;;) {
    await recordNotices(services);
    if ((await acceptPendingInput(services)) === "refused") {
      return hasSampled ? completed(lastAgentMessage) : stoppedByHook(/*lastAgentMessage*/ null);
    }
    try {
      const sampled = await sampleWithRetries(services);
      hasSampled = true;
      lastAgentMessage = sampled.lastAgentMessage ?? lastAgentMessage;
      if (sampled.needsFollowUp || pendingInput.length > 0) {
        if (!needsCompaction(services)) continue;
        const failed = await compactOrFail(services, "mid_turn");
        if (failed !== null) return failed;
        continue;
      }
    } catch (error) {
      services.signal.throwIfAborted();
      if (isInvalidImage(error) && (await dropInvalidImages(services))) continue;
      return failure(services, error);
    }
    const verdict = await askStopHooks(services, stopHookActive, lastAgentMessage);
    if (verdict === "stop") return stoppedByHook(lastAgentMessage);
    if (verdict === "continue") stopHookActive = true;
    else if (pendingInput.length === 0) return completed(lastAgentMessage);
  }
}

/** A turn whose only work is a summary in place of the history. */
export async function runCompaction(services: TurnServices): Promise<TurnOutcome> {
  return (await compactOrFail(services, "manual")) ?? completed(/*lastAgentMessage*/ null);
}

/** Records what the turn's end left untold, so that the next turn tells it. */
export async function recordLeftInput(services: TurnServices): Promise<void> {
  await recordNotices(services);
  while (services.pendingInput.length > 0) await acceptPendingInput(services);
}

/** The end of a turn that could not even hear what it was started with: that is not recorded. */
function withoutInput(
  { pendingInput }: TurnServices,
  input: readonly PendingInput[],
  outcome: TurnOutcome,
): TurnOutcome {
  const left = pendingInput.filter((each) => !input.includes(each));
  pendingInput.splice(0, pendingInput.length, ...left);
  return outcome;
}

function completed(lastAgentMessage: string | null): TurnOutcome {
  return { kind: "completed", lastAgentMessage, stoppedByHook: false };
}

function stoppedByHook(lastAgentMessage: string | null): TurnOutcome {
  return { kind: "completed", lastAgentMessage, stoppedByHook: true };
}

/**
 * Compacts a history that has no room for another turn; gives the turn's end when that cannot be
 * done. What the new model cannot take in is summarised by the one before it.
 */
async function makeRoom(services: TurnServices): Promise<TurnOutcome | null> {
  const { previousModelTurn: previous } = services;
  if (previous !== null && needsSmallerHistory(services, previous)) {
    const failed = await compactOrFail({ ...services, turn: previous }, "before_turn");
    if (failed !== null) return failed;
  }
  return needsCompaction(services) ? compactOrFail(services, "before_turn") : null;
}

async function compactOrFail(
  services: TurnServices,
  when: CompactionTime,
): Promise<TurnOutcome | null> {
  try {
    await compact(services, when);
    return null;
  } catch (error) {
    services.signal.throwIfAborted();
    return failure(services, error);
  }
}

/** Tells the model what it does not know yet, and notes what it now knows. */
async function recordContext(services: TurnServices): Promise<void> {
  const { items, reference } = contextUpdates(
    services.contextSources(),
    services.history.reference,
  );
  services.history.reference = reference;
  await recordItems(services, items, "context", {
    kind: "line",
    item: { type: "turn_context", payload: reference },
  });
}

/** Asks the hooks of a session's start; false when one of them ends the turn. */
async function startSession(services: TurnServices): Promise<boolean> {
  if (services.hooks === null) return true;
  const source = services.takeSessionStart();
  if (source === null) return true;
  const { stop, contexts } = await services.hooks.sessionStart(source);
  await recordContexts(services, contexts);
  if (stop === null) return true;
  await warnOfStop(services, "A SessionStart hook stopped the turn; the prompt was not sent", stop);
  return false;
}

/** Tells the person why what they wrote went nowhere. */
async function warnOfStop(
  { turn, journal }: TurnServices,
  what: string,
  { reason }: HookStop,
): Promise<void> {
  const message = reason === null ? `${what}.` : `${what}: ${reason}`;
  await journal.post({ kind: "event", id: turn.turnId, msg: { type: "warning", message } });
}

/** Puts input to the hooks and records it; false when a hook refused it. */
async function acceptInput(services: TurnServices, input: PendingInput): Promise<boolean> {
  if (input.kind === "note") {
    await recordItems(services, [input.item], "context");
    return true;
  }
  if (input.kind === "mail") {
    await services.materialise();
    await recordItems(services, [mailItem(input.communication)], /*origin*/ undefined);
    return true;
  }
  const verdict = await services.hooks?.promptSubmit(inputText(input.items));
  const stop = verdict?.stop ?? null;
  if (stop === null) await recordUserInput(services, input.items);
  await recordContexts(services, verdict?.contexts ?? []);
  if (stop === null) {
    await recordSkills(services, input.items);
    return true;
  }
  await warnOfStop(services, "A UserPromptSubmit hook refused the prompt; it was not sent", stop);
  return false;
}

/**
 * Records what is waiting, up to the first input that a hook refuses; what is behind that waits for
 * the next round, if there is one. `refused`: there was input, and none was accepted.
 */
async function acceptPendingInput(services: TurnServices): Promise<"accepted" | "refused"> {
  let accepted = 0;
  for (;;) {
    const [input] = services.pendingInput;
    if (input === undefined) return "accepted";
    const isAccepted = await acceptInput(services, input);
    // Not before: an interruption while hooks run leaves it for the next turn.
    services.pendingInput.shift();
    if (isAccepted) accepted += 1;
    else if (accepted > 0) return "accepted";
    else if (services.pendingInput.length === 0) return "refused";
  }
}

/** What scripts told meanwhile; it neither ends nor prolongs a turn. */
async function recordNotices(services: TurnServices): Promise<void> {
  for (const item of services.takeNotices()) {
    await recordItems(services, [item], item.type === "message" ? "hook" : undefined);
  }
}

/** What hooks want the model to know: a developer message each. */
async function recordContexts(services: TurnServices, contexts: readonly string[]): Promise<void> {
  for (const text of contexts) await recordItems(services, [developerMessage(text)], "hook");
}

/** Asks the Stop hooks; `continue` has recorded why the model is to go on. */
async function askStopHooks(
  services: TurnServices,
  stopHookActive: boolean,
  lastMessage: string | null,
): Promise<"continue" | "stop" | "end"> {
  if (services.hooks === null) return "end";
  const outcome = await services.hooks.stop(stopHookActive, lastMessage);
  if (outcome.stop !== null) return "stop";
  const prompt = outcome.block === null ? null : hookPrompt(outcome.block.fragments);
  if (prompt === null) return "end";
  await recordShownItem(services, prompt.message, prompt.item, "hook");
  return "continue";
}

/** Hands the skills to the model that the person's message names. */
async function recordSkills(services: TurnServices, input: readonly UserInput[]): Promise<void> {
  const { turn, journal, signal } = services;
  const chosen = selectSkills(input, turn.skills);
  if (chosen.length === 0) return;
  const { items, warnings } = await injectSkills(chosen, { signal });
  await recordItems(services, items, "context");
  for (const message of warnings) {
    await journal.post({ kind: "event", id: turn.turnId, msg: { type: "warning", message } });
  }
}

/** Records a person's message and announces it as an item of the turn. */
async function recordUserInput(services: TurnServices, input: readonly UserInput[]): Promise<void> {
  if (input.length === 0) return;
  const { turn, history } = services;
  services.said.push(inputText(input));
  const message = await userInputMessage(input);
  history.previousTurn = { model: turn.settings.model };
  await services.materialise();
  await recordShownItem(
    services,
    message,
    { type: "UserMessage", id: crypto.randomUUID(), content: input },
    "user",
  );
}

/** Puts a text in place of images that the service cannot read; false where there are none. */
async function dropInvalidImages({ history, journal }: TurnServices): Promise<boolean> {
  if (!history.replaceLastOutputImages(INVALID_IMAGE)) return false;
  await journal.post({
    kind: "line",
    item: { type: "history_edit", payload: { type: "replace_images", text: INVALID_IMAGE } },
  });
  return true;
}

/**
 * Asks the model until it answers, fails for good, or the retries are used up. A stream that broke
 * leaves the history without its text, but with the calls that it began and their outputs; the next
 * request is built from that.
 */
async function sampleWithRetries(services: TurnServices): Promise<Sampled> {
  for (let attempt = 1; ;) {
    try {
      return await sample(services, buildRequest(services), services.signal);
    } catch (error) {
      services.signal.throwIfAborted();
      attempt = await nextAttempt(services, error, attempt);
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
