// How items get into a thread: into the history, then the session file, then the events.
import type { ItemOrigin, ResponseItem, TurnItem } from "@codex-ts/protocol";
import type { History } from "./history.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import type { TurnContext } from "./turn-context.ts";

export interface RecordingServices {
  readonly threadId: string;
  readonly turn: TurnContext;
  readonly history: History;
  readonly journal: Journal;
}

/** Records items that the model reads; `lines` are written behind them in the same step. */
export async function recordItems(
  { turn, history, journal }: RecordingServices,
  items: readonly ResponseItem[],
  origin: ItemOrigin | undefined,
  ...lines: readonly JournalEntry[]
): Promise<void> {
  for (const item of items) history.record(item, turn.truncation, origin);
  await journal.post(
    ...items.map((item): JournalEntry => ({ kind: "item", id: turn.turnId, item, origin })),
    ...lines,
  );
}

/** Records an item that is also shown as an item of the turn. */
export async function recordShownItem(
  services: RecordingServices,
  item: ResponseItem,
  shown: TurnItem,
  origin: ItemOrigin | undefined,
): Promise<void> {
  await recordItems(
    services,
    [item],
    origin,
    itemEvent(services, "item_started", shown),
    itemEvent(services, "item_completed", shown),
  );
}

export function itemEvent(
  { threadId, turn }: Pick<RecordingServices, "threadId" | "turn">,
  type: "item_started" | "item_completed",
  item: TurnItem,
): JournalEntry {
  return {
    kind: "event",
    id: turn.turnId,
    msg: { type, thread_id: threadId, turn_id: turn.turnId, item },
  };
}
