// One request to the model and everything that its stream sets off.
import type { ItemOrigin, RateLimitSnapshot, ResponseItem } from "@codex-ts/protocol";
import type { ResponsesRequest, ResponsesTurn } from "@codex-ts/responses-client";
import type { ToolRouter, TurnToolContext } from "@codex-ts/tools";
import type { History } from "./history.ts";
import type { Journal } from "./journal.ts";
import { recordItems } from "./recording.ts";
import { StreamAnnouncer } from "./stream-announcer.ts";
import type { TurnHooks } from "./thread-hooks.ts";
import { ToolRuns } from "./tool-runs.ts";
import type { TurnContext } from "./turn-context.ts";

export interface SamplingServices {
  readonly threadId: string;
  readonly turn: TurnContext;
  readonly history: History;
  readonly journal: Journal;
  readonly responses: ResponsesTurn;
  readonly router: ToolRouter;
  readonly toolContext: TurnToolContext;
  readonly rateLimits: RateLimitStore;
  readonly showRawReasoning: boolean;
  /** Called when the model has begun to write a tool call, which takes it a while. */
  readonly onToolCallBegun: () => void;
  /** Whether this turn has said that another model answers than the one that was asked for. */
  readonly rerouted: { isTold: boolean };
  /** Null when the thread has no lifecycle hooks. */
  readonly hooks: TurnHooks | null;
  /** Aborted when the turn was stopped and nobody waits for it any more: it records nothing then. */
  readonly gone: AbortSignal;
}

/** The session's latest rate limits. */
export interface RateLimitStore {
  current(): RateLimitSnapshot | null;
  merge(snapshot: RateLimitSnapshot): void;
}

export interface Sampled {
  /** Tools were called: the model wants to see their outputs. */
  readonly needsFollowUp: boolean;
  /** The text of the last message that was not blank. */
  readonly lastAgentMessage: string | null;
}

/**
 * Sends one request. Each finished item is recorded and announced as it arrives, each tool call starts
 * at once, and the outputs are recorded in call order when the stream has ended. When the stream
 * breaks, tools that were started finish and are recorded; without such, what the model wrote is taken
 * back: it is asked again and would write it twice.
 */
export async function sample(
  services: SamplingServices,
  request: ResponsesRequest,
  signal: AbortSignal,
): Promise<Sampled> {
  const { turn, history, journal, router } = services;
  const record = (item: ResponseItem, origin?: ItemOrigin): void =>
    history.record(item, turn.truncation, origin);
  const before = history.entries.length;
  const runs = new ToolRuns({
    turnId: turn.turnId,
    router,
    context: services.toolContext,
    journal,
    signal,
    gone: services.gone,
    hooks: services.hooks,
    record,
  });
  const stream = new StreamAnnouncer(services);
  let needsFollowUp = false;
  try {
    for await (const event of services.responses.stream(request, signal)) {
      if (event.type !== "output_item_done") {
        await stream.handle(event);
        continue;
      }
      const routed = router.route(event.item);
      if (routed === null) {
        await stream.finishItem(event.item);
        continue;
      }
      needsFollowUp = true;
      const recorded = recordItems(services, [event.item], /*origin*/ undefined);
      if (routed.kind === "call") {
        runs.start(routed.call, recorded);
      } else {
        await recorded;
        await recordItems(services, [routed.output], /*origin*/ undefined);
      }
    }
  } catch (error) {
    await runs.recordOutputs();
    if (!needsFollowUp && !signal.aborted) await takeBack(services, before);
    throw error;
  }
  await runs.recordOutputs();
  const diff = await services.toolContext.turnDiff.unifiedDiff();
  if (diff !== null && runs.started > 0) {
    await journal.post({
      kind: "event",
      id: turn.turnId,
      msg: { type: "turn_diff", unified_diff: diff },
    });
  }
  return { needsFollowUp, lastAgentMessage: stream.lastAgentMessage };
}

/** Takes back what was recorded since the history had `length` entries. */
async function takeBack({ history, journal }: SamplingServices, length: number): Promise<void> {
  const count = history.undoTo(length);
  if (count === 0) return;
  await journal.post({
    kind: "line",
    item: { type: "history_edit", payload: { type: "undo", count } },
  });
}
