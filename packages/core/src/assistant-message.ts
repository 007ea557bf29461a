// A message of the model's, from its first delta to its end: what of it is a person's to read, and what
// is a plan.
import {
  type AssistantTextPiece,
  AssistantTextStream,
  type EventMsg,
  type MessageItem,
  readAssistantText,
  type TurnItem,
} from "@codex-ts/protocol";
import { messageText } from "./contextual-message.ts";
import { agentMessage } from "./turn-items.ts";

export interface AssistantMessageScope {
  readonly threadId: string;
  readonly turnId: string;
  /** In plan mode the model's plans are items of their own. */
  readonly isPlanMode: boolean;
}

/**
 * Tells of one message in events. In plan mode it is announced with the first text that a person can
 * see, and never when there is none.
 */
export class AssistantMessage {
  readonly #scope: AssistantMessageScope;
  readonly #text: AssistantTextStream;
  readonly #begun: Extract<TurnItem, { type: "AgentMessage" }>;
  /** Blank text of a message that is not announced yet. */
  #unannounced = "";
  #isAnnounced = false;
  #isPlanAnnounced = false;

  constructor(scope: AssistantMessageScope, item: MessageItem) {
    this.#scope = scope;
    this.#text = new AssistantTextStream({ plans: scope.isPlanMode });
    this.#begun = agentMessage(item);
  }

  /** What is told when the model begins to write; the item may hold text already. */
  begin(item: MessageItem): readonly EventMsg[] {
    const text = messageText(item);
    const pieces = text === "" ? [] : this.#text.push(text);
    if (this.#scope.isPlanMode) return this.#tell(pieces);
    const content = pieces.flatMap((piece) =>
      piece.kind === "text" ? [{ type: "Text" as const, text: piece.text }] : [],
    );
    this.#isAnnounced = true;
    return [this.#itemEvent("item_started", { ...this.#begun, content })];
  }

  push(delta: string): readonly EventMsg[] {
    return this.#tell(this.#text.push(delta));
  }

  /** What is told when the message is whole; `text` is what a person reads of it. */
  finish(item: MessageItem): { readonly events: readonly EventMsg[]; readonly text: string } {
    const { isPlanMode } = this.#scope;
    const read = readAssistantText(messageText(item), { plans: isPlanMode });
    const message = { ...agentMessage(item, read), id: this.#begun.id };
    const events = [...this.#tell(this.#text.end()), ...this.#planEnd(read.plan)];
    if (this.#isAnnounced) events.push(this.#itemEvent("item_completed", message));
    else if (!isPlanMode || read.text.trim() !== "") {
      events.push(
        this.#itemEvent("item_started", message),
        this.#itemEvent("item_completed", message),
      );
    }
    return { events, text: read.text };
  }

  #tell(pieces: readonly AssistantTextPiece[]): EventMsg[] {
    return pieces.flatMap((piece) => {
      switch (piece.kind) {
        case "text":
          return this.#tellText(piece.text);
        case "plan_begun":
          return this.#planBegin();
        case "plan":
          return [{ type: "plan_delta", ...this.#ids(this.#planId), delta: piece.text }];
      }
    });
  }

  #tellText(text: string): readonly EventMsg[] {
    const delta = this.#unannounced + text;
    if (!this.#isAnnounced && delta.trim() === "") {
      this.#unannounced = delta;
      return [];
    }
    this.#unannounced = "";
    const told: EventMsg = {
      type: "agent_message_content_delta",
      ...this.#ids(this.#begun.id),
      delta,
    };
    if (this.#isAnnounced) return [told];
    this.#isAnnounced = true;
    return [this.#itemEvent("item_started", { ...this.#begun, content: [] }), told];
  }

  #planBegin(): readonly EventMsg[] {
    if (this.#isPlanAnnounced) return [];
    this.#isPlanAnnounced = true;
    return [this.#itemEvent("item_started", { type: "Plan", id: this.#planId, text: "" })];
  }

  #planEnd(plan: string | null): readonly EventMsg[] {
    if (plan === null && !this.#isPlanAnnounced) return [];
    const item = { type: "Plan", id: this.#planId, text: plan ?? "" } as const;
    return [...this.#planBegin(), this.#itemEvent("item_completed", item)];
  }

  get #planId(): string {
    return `${this.#scope.turnId}-plan`;
  }

  #ids(itemId: string) {
    return { thread_id: this.#scope.threadId, turn_id: this.#scope.turnId, item_id: itemId };
  }

  #itemEvent(type: "item_started" | "item_completed", item: TurnItem): EventMsg {
    return { type, thread_id: this.#scope.threadId, turn_id: this.#scope.turnId, item };
  }
}
