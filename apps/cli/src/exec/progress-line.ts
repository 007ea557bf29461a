// The last line of a terminal while something goes on: what it is, and for how long.
import type { EventMsg } from "@codex-ts/protocol";
import type { Paint } from "../colors.ts";
import { shellCommand } from "./shown-command.ts";

export interface ProgressLineOptions {
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
  readonly paint: Paint;
  /** Its width, which may change. */
  readonly columns: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}

/** Erases the line and goes back to its start. */
const ERASE = "\r\u001b[2K";
/** What is too long is cut by the terminal itself, which knows how wide each character is. */
const NO_WRAP = "\u001b[?7l";
const WRAP = "\u001b[?7h";

/**
 * Follows the events of a turn, and keeps one line at the bottom that is gone without a trace when
 * anything is written above it. Only for a terminal that can erase.
 */
export class ProgressLine {
  readonly #options: ProgressLineOptions;
  readonly #now: () => number;
  /** The calls under way, the newest last. */
  readonly #running = new Map<string, { readonly text: string; readonly since: number }>();
  #thinkingSince: number | null = null;
  #isDrawn = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ProgressLineOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** To be called with each event, once what it has to say is written. */
  see(msg: EventMsg): void {
    switch (msg.type) {
      case "task_started":
        this.#thinkingSince = this.#now();
        break;
      case "exec_command_begin":
        if (msg.source !== "unified_exec_interaction") {
          this.#begin(msg.call_id, shellCommand(msg.command));
        }
        break;
      case "patch_apply_begin":
        this.#begin(msg.call_id, "applying a patch");
        break;
      case "item_started":
        if (msg.item.type === "WebSearch") this.#begin(msg.item.id, "searching the web");
        break;
      case "item_completed":
        if (msg.item.type === "WebSearch") this.#end(msg.item.id);
        break;
      case "hook_started":
        this.#begin(msg.run.id, msg.run.status_message ?? "a hook is running");
        break;
      case "exec_command_end":
      case "patch_apply_end":
        this.#end(msg.call_id);
        break;
      case "hook_completed":
        this.#end(msg.run.id);
        break;
      case "task_complete":
      case "turn_aborted":
        this.stop();
        return;
      default:
        break;
    }
    this.#draw();
  }

  /** Writes above the line. */
  write(text: string): void {
    this.#erase();
    this.#options.write(text);
  }

  /** Nothing goes on any more. */
  stop(): void {
    this.#thinkingSince = null;
    this.#running.clear();
    this.#erase();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #begin(id: string, text: string): void {
    this.#running.set(id, { text, since: this.#now() });
  }

  #end(id: string): void {
    this.#running.delete(id);
    if (this.#running.size === 0) this.#thinkingSince = this.#now();
  }

  #erase(): void {
    if (!this.#isDrawn) return;
    this.#options.write(ERASE);
    this.#isDrawn = false;
  }

  #draw(): void {
    if (this.#thinkingSince === null) return;
    this.#timer ??= setInterval(() => this.#draw(), 1000).unref();
    const newest = [...this.#running.values()].at(-1);
    const { text, since } = newest ?? { text: "thinking", since: this.#thinkingSince };
    const others = this.#running.size > 1 ? ` (+${this.#running.size - 1})` : "";
    const seconds = Math.floor((this.#now() - since) / 1000);
    const line = `${elapsed(seconds)}${others} ${oneLine(text)}`.slice(0, this.#options.columns());
    this.#options.write(`${ERASE}${NO_WRAP}${this.#options.paint(line, "dim")}${WRAP}`);
    this.#isDrawn = true;
  }
}

function elapsed(seconds: number): string {
  return seconds < 60
    ? `${seconds}s`
    : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}

/** Without what would leave the line or colour it. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\s]+/gu, " ").trim();
}
