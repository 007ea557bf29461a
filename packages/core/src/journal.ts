// The one way out of a session: what is recorded first, then announced.
import type { Event, EventMsg, ItemOrigin, ResponseItem, RolloutItem } from "@codex-ts/protocol";
import type { PersistenceMode } from "@codex-ts/rollout";
import { persistedEvent } from "./persisted-event.ts";
import { legacyTwins } from "./turn-items.ts";

/** The line of an item. */
export function itemLine(item: ResponseItem, origin?: ItemOrigin): RolloutItem {
  return {
    type: "response_item",
    payload: item,
    ...(origin === undefined ? {} : { origin }),
  };
}

/** Where lines go; a session file's recorder, or nothing for an ephemeral thread. */
export interface LineSink {
  record(items: readonly RolloutItem[]): Promise<void>;
}

/** One step of a batch: an event to announce, or a line that belongs to the session file only. */
export type JournalEntry =
  | { readonly kind: "event"; readonly id: string; readonly msg: EventMsg }
  | { readonly kind: "line"; readonly item: RolloutItem }
  /** A response item: its line, then `raw_response_item`. */
  | {
      readonly kind: "item";
      readonly id: string;
      readonly item: ResponseItem;
      readonly origin?: ItemOrigin | undefined;
    };

interface Batch {
  readonly lines: readonly RolloutItem[];
  readonly events: readonly Event[];
  readonly done: () => void;
}

export interface JournalOptions {
  /** Null for a thread without a session file. */
  readonly sink: LineSink | null;
  /** How much of the events the session file keeps; `limited` by default. */
  readonly mode?: PersistenceMode | undefined;
  /** Is given each event when its turn has come. */
  readonly announce: (event: Event) => void;
}

/**
 * Writes lines and announces events in the order in which they are posted. All lines of a batch are
 * in the session file before its first event is announced, so what a reader has seen is on disk.
 */
export class Journal {
  readonly #options: JournalOptions;
  #waiting: Batch[] = [];
  #pumping = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Announces one event of a turn; the id is empty for what belongs to none. */
  announce(turnId: string, msg: EventMsg): Promise<void> {
    return this.post({ kind: "event", id: turnId, msg });
  }

  /** Posts a batch; resolves when its events are announced. */
  post(...entries: readonly JournalEntry[]): Promise<void> {
    const lines: RolloutItem[] = [];
    const events: Event[] = [];
    for (const entry of entries) {
      switch (entry.kind) {
        case "line":
          lines.push(entry.item);
          break;
        case "item":
          lines.push(itemLine(entry.item, entry.origin));
          events.push({ id: entry.id, msg: { type: "raw_response_item", item: entry.item } });
          break;
        case "event":
          for (const msg of [entry.msg, ...legacyTwins(entry.msg)]) {
            const kept = persistedEvent(msg, this.#options.mode);
            if (kept !== null) lines.push({ type: "event_msg", payload: kept });
            events.push({ id: entry.id, msg });
          }
          break;
      }
    }
    return new Promise((done) => {
      this.#waiting.push({ lines, events, done });
      if (!this.#pumping) void this.#pump();
    });
  }

  /** Resolves when everything posted so far is announced. */
  drained(): Promise<void> {
    return this.post();
  }

  /** Announces what is in the session file already, or never. */
  tell(event: Event): void {
    this.#options.announce(event);
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    while (this.#waiting.length > 0) {
      const batches = this.#waiting;
      this.#waiting = [];
      const lines = batches.flatMap((batch) => batch.lines);
      if (lines.length > 0) await this.#options.sink?.record(lines);
      for (const batch of batches) {
        for (const event of batch.events) this.tell(event);
        batch.done();
      }
    }
    this.#pumping = false;
  }
}
