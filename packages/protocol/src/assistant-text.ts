// What a model writes into its messages that is not for a person to read as part of them: citations of
// its memory, and, in plan mode, the plan that it proposes.
import type { MemoryCitation, MemoryCitationEntry } from "./turn-item.ts";

/** How a model's text is to be read. */
export interface AssistantTextOptions {
  /** Whether `<proposed_plan>` blocks are plans (they are in plan mode) or ordinary text. */
  readonly plans: boolean;
}

/** The text of one message, taken apart. */
export interface AssistantText {
  /** What a person reads. */
  readonly text: string;
  /** The plan that it proposes, of several the last; null without one. */
  readonly plan: string | null;
  /** What of its memory the model says that it used; null when it names nothing. */
  readonly citation: MemoryCitation | null;
}

/** A run of streamed text. A plan begins once for each block; its text may be empty. */
export type AssistantTextPiece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "plan_begun" }
  | { readonly kind: "plan"; readonly text: string };

/**
 * Takes the text of a message apart.
 *
 * `<oai-mem-citation>…</oai-mem-citation>` is taken out wherever it stands; it does not nest, and what
 * is not closed goes on to the end. With `plans`, a line that holds `<proposed_plan>` and nothing else
 * begins a plan and a line with `</proposed_plan>` ends it, else the message does.
 */
export function readAssistantText(raw: string, options: AssistantTextOptions): AssistantText {
  const stream = new AssistantTextStream(options);
  let text = "";
  let plan: string | null = null;
  for (const piece of [...stream.push(raw), ...stream.end()]) {
    if (piece.kind === "text") text += piece.text;
    else if (piece.kind === "plan_begun") plan = "";
    else plan = (plan ?? "") + piece.text;
  }
  return { text, plan, citation: stream.citation };
}

/**
 * Takes the text of a message apart as it streams; the pieces are the same however it is cut. Text is
 * held back only while it may still turn out to be a tag.
 */
export class AssistantTextStream {
  readonly #citations = new CitationFilter();
  readonly #plans: PlanBlocks | null;

  constructor({ plans }: AssistantTextOptions) {
    this.#plans = plans ? new PlanBlocks() : null;
  }

  push(delta: string): readonly AssistantTextPiece[] {
    return this.#split(this.#citations.push(delta));
  }

  /** What was held back; nothing may be pushed after it. */
  end(): readonly AssistantTextPiece[] {
    const pieces = this.#split(this.#citations.end());
    return merged([...pieces, ...(this.#plans?.end() ?? [])]);
  }

  /** What the citations so far say. */
  get citation(): MemoryCitation | null {
    return readCitations(this.#citations.bodies);
  }

  #split(text: string): readonly AssistantTextPiece[] {
    if (this.#plans !== null) return merged(this.#plans.push(text));
    return text === "" ? [] : [{ kind: "text", text }];
  }
}

const CITATION_OPEN = "<oai-mem-citation>";
const CITATION_CLOSE = "</oai-mem-citation>";

/** Takes citations out of a text and keeps what they hold. */
class CitationFilter {
  readonly bodies: string[] = [];
  /** What may be the beginning of the next tag. */
  #held = "";
  /** Null outside a citation. */
  #body: string | null = null;

  push(delta: string): string {
    let visible = "";
    let rest = this.#held + delta;
    for (;;) {
      const tag = this.#body === null ? CITATION_OPEN : CITATION_CLOSE;
      const at = rest.indexOf(tag);
      const ready = rest.slice(0, at === -1 ? rest.length - openEnd(rest, tag) : at);
      if (this.#body === null) visible += ready;
      else this.#body += ready;
      if (at === -1) {
        this.#held = rest.slice(ready.length);
        return visible;
      }
      this.#toggle();
      rest = rest.slice(at + tag.length);
    }
  }

  end(): string {
    const held = this.#held;
    this.#held = "";
    if (this.#body === null) return held;
    this.#body += held;
    this.#toggle();
    return "";
  }

  #toggle(): void {
    if (this.#body !== null) this.bodies.push(this.#body);
    this.#body = this.#body === null ? "" : null;
  }
}

/** How many characters at the end of a text may be the beginning of a tag. */
function openEnd(text: string, tag: string): number {
  const most = Math.min(text.length, tag.length - 1);
  for (let length = most; length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}

const PLAN_OPEN = "<proposed_plan>";
const PLAN_CLOSE = "</proposed_plan>";

/** Tells plans from the text around them, line by line. */
class PlanBlocks {
  /** The line so far, while it may still be a tag; null when it cannot. */
  #held: string | null = "";
  #isInPlan = false;

  push(text: string): AssistantTextPiece[] {
    const pieces: AssistantTextPiece[] = [];
    for (const part of text.split(/(?<=\n)/)) {
      if (part !== "") pieces.push(...this.#take(part));
    }
    return pieces;
  }

  end(): readonly AssistantTextPiece[] {
    const line = this.#held ?? "";
    this.#held = "";
    if (line.trim() === this.#tag) return this.#toggle();
    return line === "" ? [] : [this.#piece(line)];
  }

  /** Takes what belongs to one line, up to its end at most. */
  #take(part: string): readonly AssistantTextPiece[] {
    const isWhole = part.endsWith("\n");
    const line = this.#held === null ? null : this.#held + part;
    this.#held = isWhole ? "" : null;
    if (line === null) return [this.#piece(part)];
    if (isWhole) return line.trim() === this.#tag ? this.#toggle() : [this.#piece(line)];
    if (!mayBecome(line, this.#tag)) return [this.#piece(line)];
    this.#held = line;
    return [];
  }

  get #tag(): string {
    return this.#isInPlan ? PLAN_CLOSE : PLAN_OPEN;
  }

  #toggle(): readonly AssistantTextPiece[] {
    this.#isInPlan = !this.#isInPlan;
    return this.#isInPlan ? [{ kind: "plan_begun" }] : [];
  }

  #piece(text: string): AssistantTextPiece {
    return { kind: this.#isInPlan ? "plan" : "text", text };
  }
}

/** Whether a line that begins so may hold the tag and nothing else. */
function mayBecome(line: string, tag: string): boolean {
  const begun = line.trimStart();
  return tag.startsWith(begun) || begun.trimEnd() === tag;
}

function merged(pieces: readonly AssistantTextPiece[]): readonly AssistantTextPiece[] {
  const runs: AssistantTextPiece[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (piece.kind !== "plan_begun" && last?.kind === piece.kind) {
      runs[runs.length - 1] = { kind: piece.kind, text: last.text + piece.text };
    } else runs.push(piece);
  }
  return runs;
}

/** `path:first-last|note=[why]` */
const CITED_LINES = /^(.+?):(\d+)-(\d+)\|note=\[(.*)\]$/;

/** What citations name, all together; lines that are not understood are left out. */
function readCitations(bodies: readonly string[]): MemoryCitation | null {
  const entries = bodies.flatMap((body) =>
    linesWithin(body, "citation_entries").flatMap((line): readonly MemoryCitationEntry[] => {
      const [, path, first, last, note] = CITED_LINES.exec(line) ?? [];
      return path === undefined || note === undefined
        ? []
        : [{ path, lineStart: Number(first), lineEnd: Number(last), note }];
    }),
  );
  const ids = bodies.flatMap((body) => {
    const rollouts = linesWithin(body, "rollout_ids");
    return rollouts.length > 0 ? rollouts : linesWithin(body, "thread_ids");
  });
  const rolloutIds = [...new Set(ids)];
  return entries.length === 0 && rolloutIds.length === 0 ? null : { entries, rolloutIds };
}

/** The lines of an element, without those that are blank. */
function linesWithin(body: string, element: string): readonly string[] {
  const [, behind] = body.split(`<${element}>`, 2);
  if (behind === undefined) return [];
  const [inside = ""] = behind.split(`</${element}>`, 1);
  return inside
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
