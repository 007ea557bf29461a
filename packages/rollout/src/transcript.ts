// A session as a person reads it: who said what, what was run, and what came of it.
import {
  freeformInput,
  functionInput,
  readableOutput,
  shellInput,
  type ToolInput,
} from "./tool-text.ts";
import {
  type MessageItem,
  readAssistantText,
  type ResponseItem,
  type RolloutItem,
  type RolloutLine,
  type SessionMeta,
  type TokenUsage,
} from "@codex-ts/protocol";

/** `at` is when the line was written: RFC 3339, UTC, milliseconds. */
export type TranscriptEntry =
  | { readonly kind: "user"; readonly at: string; readonly text: string; readonly images: number }
  | { readonly kind: "assistant"; readonly at: string; readonly text: string }
  | { readonly kind: "reasoning"; readonly at: string; readonly text: string }
  | ToolEntry
  /** Something that happened to the session: a compaction, an interruption, turns taken back. */
  | { readonly kind: "note"; readonly at: string; readonly text: string };

/** A tool call and its output. */
export interface ToolEntry extends ToolInput {
  readonly kind: "tool";
  /** When it was called: RFC 3339, UTC, milliseconds. */
  readonly at: string;
  readonly name: string;
  /** Without what tools write around it for the model. Null when the session ended first. */
  readonly output: string | null;
}

/** A session as a person reads it. */
export interface Transcript {
  readonly meta: SessionMeta;
  /** The first thing that the person said, in one line. */
  readonly title: string;
  readonly entries: readonly TranscriptEntry[];
  /** The models that worked on it, in order. */
  readonly models: readonly string[];
  /** All tokens that the session took; null when no response said it. */
  readonly usage: TokenUsage | null;
}

/** Reads the lines of a session. What was rolled back, or taken back after a broken stream, is left out. */
export function transcriptOf(meta: SessionMeta, lines: readonly RolloutLine[]): Transcript {
  const reading = new Reading();
  for (const line of lines) reading.take(line);
  const { entries, models, usage } = reading;
  const first = entries.find((entry) => entry.kind === "user");
  const title = first?.kind === "user" ? firstLine(first.text) : "";
  return { meta, title: title === "" ? `Session ${meta.id}` : title, entries, models, usage };
}

class Reading {
  readonly entries: TranscriptEntry[] = [];
  readonly models: string[] = [];
  usage: TokenUsage | null = null;
  /** Where each entry of the history stands in `entries`, or null for what is not shown. */
  #items: (number | null)[] = [];
  /** Where each turn of the person begins. */
  #turns: number[] = [];
  #turnStart = 0;
  #isPlanMode = false;

  take(line: RolloutLine): void {
    const { timestamp: at } = line;
    switch (line.type) {
      case "response_item":
        this.#items.push(this.#item(line.payload, at));
        break;
      case "turn_context":
        if (!this.models.includes(line.payload.model)) this.models.push(line.payload.model);
        break;
      case "compacted":
        this.#items = [];
        this.#note(at, "The history up to here was put into a summary for the model.");
        break;
      case "history_edit":
        if (line.payload.type === "undo") this.#undo(line.payload.count);
        break;
      case "event_msg":
        this.#event(line.payload, at);
        break;
      case "session_meta":
        break;
    }
  }

  #event(msg: Extract<RolloutItem, { type: "event_msg" }>["payload"], at: string): void {
    switch (msg.type) {
      case "task_started":
        this.#isPlanMode = msg.collaboration_mode_kind === "plan";
        this.#turnStart = this.entries.length;
        break;
      case "user_message": {
        const isFirst = (this.#turns.at(-1) ?? -1) < this.#turnStart;
        if (isFirst || this.#turns.length === 0) this.#turns.push(this.entries.length);
        const images = (msg.images?.length ?? 0) + msg.local_images.length;
        this.entries.push({ kind: "user", at, text: msg.message.trim(), images });
        break;
      }
      case "turn_aborted":
        if (msg.reason === "interrupted") this.#note(at, "Interrupted.");
        break;
      case "task_complete":
        if (msg.error !== undefined) this.#note(at, `The turn failed: ${msg.error.message}`);
        break;
      case "thread_rolled_back":
        this.#rollBack(msg.num_turns, at);
        break;
      case "token_count":
        this.usage = msg.info?.total_token_usage ?? this.usage;
        break;
      default:
        break;
    }
  }

  #item(item: ResponseItem, at: string): number | null {
    switch (item.type) {
      case "message": {
        const text = item.role === "assistant" ? this.#spoken(item) : "";
        return text === "" ? null : this.entries.push({ kind: "assistant", at, text }) - 1;
      }
      case "reasoning": {
        const text = item.summary
          .map((part) => part.text)
          .join("\n\n")
          .trim();
        return text === "" ? null : this.entries.push({ kind: "reasoning", at, text }) - 1;
      }
      case "function_call":
        return this.#call(item.call_id, at, item.name, functionInput(item.name, item.arguments));
      case "custom_tool_call":
        return this.#call(item.call_id, at, item.name, freeformInput(item.name, item.input));
      case "local_shell_call":
        return this.#call(item.call_id ?? "", at, item.type, shellInput(item.action.command));
      case "web_search_call":
        return this.#call(
          "",
          at,
          "web_search",
          functionInput("", JSON.stringify(item.action ?? {})),
        );
      case "function_call_output":
      case "custom_tool_call_output":
        this.#output(item.call_id, item.output);
        return null;
      default:
        return null;
    }
  }

  /** What a person reads of a message; a plan that was proposed stands behind the rest. */
  #spoken(item: MessageItem): string {
    const raw = item.content.map((part) => (part.type === "input_image" ? "" : part.text)).join("");
    const { text, plan } = readAssistantText(raw, { plans: this.#isPlanMode });
    return [text, plan ?? ""]
      .map((each) => each.trim())
      .filter((each) => each !== "")
      .join("\n\n");
  }

  readonly #calls = new Map<string, number>();

  #call(callId: string, at: string, name: string, input: ToolInput): number {
    const index = this.entries.push({ kind: "tool", at, name, ...input, output: null }) - 1;
    this.#calls.set(callId, index);
    return index;
  }

  #output(
    callId: string,
    output: Extract<ResponseItem, { type: "function_call_output" }>["output"],
  ): void {
    const index = this.#calls.get(callId);
    const entry = index === undefined ? undefined : this.entries[index];
    if (index === undefined || entry?.kind !== "tool") return;
    const text =
      typeof output === "string"
        ? output
        : output.map((part) => (part.type === "input_text" ? part.text : "[image]")).join("\n");
    this.entries[index] = { ...entry, output: readableOutput(text) };
  }

  #undo(count: number): void {
    const undone = this.#items.splice(Math.max(0, this.#items.length - count));
    const first = undone.find((index) => index !== null);
    if (first === undefined || first === null) return;
    const kept = this.entries.slice(first).filter(({ kind }) => kind === "user" || kind === "note");
    this.entries.splice(first, this.entries.length, ...kept);
  }

  #rollBack(turns: number, at: string): void {
    const popped = this.#turns.splice(Math.max(0, this.#turns.length - turns));
    const [start] = popped;
    if (start === undefined) return;
    this.entries.splice(start);
    this.#note(
      at,
      popped.length === 1 ? "One turn was taken back." : `${popped.length} turns were taken back.`,
    );
  }

  #note(at: string, text: string): void {
    this.entries.push({ kind: "note", at, text });
  }
}

function firstLine(text: string): string {
  const line = text.split("\n").find((each) => each.trim() !== "") ?? "";
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
