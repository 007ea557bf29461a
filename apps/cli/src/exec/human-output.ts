// What a person sees of a run, on stderr: commands, patches, plans, messages, the end.
import type { EventMsg, FileChange, HookRunSummary, TokenUsage } from "@codex-ts/protocol";
import type { Paint, Style } from "../colors.ts";
import { patchLines, shownPath, summaryLines } from "./change-lines.ts";
import { messageLines } from "./message-lines.ts";
import { nextStep } from "./next-step.ts";
import { headerLines, type RunHeader } from "./run-header.ts";
import { outputLines, proseLines, type Room } from "./screen-lines.ts";
import { shellCommand } from "./shown-command.ts";
import { visibleText } from "../visible-text.ts";

export interface HumanOutputOptions {
  readonly paint: Paint;
  /** Whether `paint` paints. */
  readonly isPainted: boolean;
  readonly write: (text: string) => void;
  /** The width of the screen as it is now; null where no screen is written to. */
  readonly columns: () => number | null;
  /**
   * Whether something else shows what goes on. Then a command or a hook is told of when it is over,
   * with its result; else also when it begins, so that a log says what a run waits for.
   */
  readonly showsProgress: boolean;
  readonly hideReasoning: boolean;
  readonly showRawReasoning: boolean;
}

/** What is written together; a blank line stands between one block and the next. */
type Block =
  | "header"
  | "notice"
  | "hook"
  | "search"
  | "command"
  | "patch"
  | "plan"
  | "message"
  | "reasoning"
  | "end";

/** Blocks of single lines, which stand under each other without a blank line. */
const lists: ReadonlySet<Block> = new Set(["notice", "hook", "search", "end"]);

/** How many lines of an output are shown on a screen, and in a log. */
const SCREEN_LINES = 24;
const LOG_LINES = 400;

/** Writes the events of a run for a person; keeps what the end of the run needs. */
export class HumanOutput {
  readonly #options: HumanOutputOptions;
  #usage: TokenUsage | null = null;
  #diff: string | null = null;
  #workdir = "";
  #block: Block | null = null;
  /** The commands whose end has not come. */
  readonly #commands = new Map<string, Extract<EventMsg, { type: "exec_command_begin" }>>();
  /** The command whose begin is the last thing written; its end needs no name. */
  #commandAbove: string | null = null;
  /** The last message that was written out. */
  lastShownMessage: string | null = null;

  constructor(options: HumanOutputOptions) {
    this.#options = options;
  }

  header(header: RunHeader): void {
    const { paint } = this.#options;
    this.#workdir = header.workdir;
    this.#write("header", [
      ...headerLines(header, paint),
      paint("user", "cyan"),
      ...outputLines(header.prompt, this.#room(), "", (row) => row),
    ]);
  }

  push(msg: EventMsg): void {
    const { paint, showsProgress } = this.#options;
    switch (msg.type) {
      case "warning":
        this.#notice(paint("warning:", "bold", "yellow"), msg.message);
        break;
      case "deprecation_notice":
        this.#notice(paint("deprecated:", "bold", "yellow"), msg.summary);
        if (msg.details !== undefined) this.#notice("", msg.details, "dim");
        break;
      case "error":
        this.#notice(paint("ERROR:", "bold", "red"), msg.message, "bold", "red");
        this.#next(msg);
        break;
      case "stream_error": {
        const details = msg.additional_details === null ? "" : ` (${msg.additional_details})`;
        this.#notice("", `${msg.message}${details}`, "yellow");
        break;
      }
      case "exec_command_begin":
        if (msg.source === "unified_exec_interaction") break;
        this.#commands.set(msg.call_id, msg);
        if (!showsProgress) this.#commandBegin(msg);
        break;
      case "exec_command_end":
        if (msg.source !== "unified_exec_interaction") this.#commandEnd(msg);
        break;
      case "patch_apply_end":
        this.#patchEnd(msg);
        break;
      case "turn_diff":
        this.#diff = msg.unified_diff;
        break;
      case "plan_update":
        this.#plan(msg);
        break;
      case "item_completed":
        this.#itemCompleted(msg.item);
        break;
      case "hook_started":
        if (!showsProgress) this.#write("hook", [`hook: ${hookTitle(msg.run)}`]);
        break;
      case "hook_completed":
        this.#hookEnd(msg.run);
        break;
      case "context_compacted":
        this.#notice("", "context compacted", "dim");
        break;
      case "model_reroute":
        this.#notice("", `model rerouted: ${msg.from_model} -> ${msg.to_model}`);
        break;
      case "token_count":
        this.#usage = msg.info?.total_token_usage ?? this.#usage;
        break;
      case "turn_aborted":
        this.#leaveCommands();
        this.#showChanges();
        this.#write("end", [paint("turn interrupted", "dim")]);
        break;
      case "task_complete":
        this.#leaveCommands();
        this.#showChanges();
        break;
      default:
        break;
    }
  }

  /** The last line: how many tokens the thread has used. */
  end(): void {
    if (this.#usage === null) return;
    const { input_tokens: input, cached_input_tokens: cached, output_tokens: output } = this.#usage;
    const used = Math.max(0, input - cached) + output;
    if (used === 0) return;
    const number = (count: number): string => count.toLocaleString("en-US");
    const ofCache = cached === 0 ? "" : ` + ${number(cached)} cached`;
    const parts = `${number(Math.max(0, input - cached))} in${ofCache}, ${number(output)} out`;
    const { paint, columns } = this.#options;
    const line = paint(`tokens used: ${number(used)} (${parts})`, "dim");
    this.#write("end", proseLines(line, columns(), { rest: "  " }));
  }

  #room(): Room {
    const columns = this.#options.columns();
    return { columns, lines: columns === null ? LOG_LINES : SCREEN_LINES };
  }

  #write(block: Block, lines: readonly string[]): void {
    this.#commandAbove = null;
    const isApart = this.#block !== null && !(this.#block === block && lists.has(block));
    this.#block = block;
    this.#options.write(`${isApart ? "\n" : ""}${lines.join("\n")}\n`);
  }

  #notice(label: string, text: string, ...styles: readonly Style[]): void {
    const { paint, columns } = this.#options;
    const first = label === "" ? "" : `${label} `;
    const painted = paint(visibleText(text).trimEnd(), ...styles);
    this.#write("notice", proseLines(painted, columns(), { first, rest: "  " }));
  }

  #next(error: Extract<EventMsg, { type: "error" }>): void {
    const step = nextStep(error);
    if (step !== null) this.#notice("", step, "dim");
  }

  #label(text: string): string {
    return this.#options.paint(text, "italic", "magenta");
  }

  #commandBegin(msg: Extract<EventMsg, { type: "exec_command_begin" }>): void {
    this.#write("command", this.#commandLines(msg));
    this.#commandAbove = msg.call_id;
  }

  #commandLines({
    command,
    cwd,
  }: Pick<Extract<EventMsg, { type: "exec_command_begin" }>, "command" | "cwd">): string[] {
    const { paint } = this.#options;
    const lines = outputLines(shellCommand(command), this.#room(), "", (row) => paint(row, "bold"));
    const isElsewhere = cwd !== this.#workdir;
    const where = isElsewhere ? [`in ${visibleText(shownPath(cwd, this.#workdir))}`] : [];
    return [this.#label("exec"), ...lines, ...where];
  }

  #commandEnd(msg: Extract<EventMsg, { type: "exec_command_end" }>): void {
    const { paint, showsProgress } = this.#options;
    const wasAbove = this.#commandAbove === msg.call_id;
    const wasTold = this.#commands.delete(msg.call_id) && !showsProgress;
    const ms = Math.round(msg.duration.secs * 1000 + msg.duration.nanos / 1e6);
    const took = ms > 0 ? ` in ${durationText(ms)}` : "";
    const output = msg.aggregated_output.trim() === "" ? "" : msg.aggregated_output;
    const colon = output === "" ? "" : ":";
    const lines = [
      commandResult(msg, `${took}${colon}`, paint),
      ...(output === "" ? [] : outputLines(output, this.#room(), "  ", (row) => paint(row, "dim"))),
    ];
    if (wasAbove) {
      this.#options.write(`${lines.join("\n")}\n`);
      this.#commandAbove = null;
    } else {
      const name = wasTold ? [paint(firstLine(shellCommand(msg.command)), "bold")] : null;
      this.#write("command", [...(name ?? this.#commandLines(msg)), ...lines]);
    }
  }

  /** What still runs when the turn is over. */
  #leaveCommands(): void {
    for (const msg of this.#options.showsProgress ? this.#commands.values() : []) {
      this.#write("command", [
        ...this.#commandLines(msg),
        this.#options.paint("still running when the turn ended", "dim"),
      ]);
    }
    this.#commands.clear();
  }

  #patchEnd(msg: Extract<EventMsg, { type: "patch_apply_end" }>): void {
    const { paint, columns } = this.#options;
    this.#write("patch", [
      this.#label("apply patch"),
      ...this.#changes(msg.changes),
      ...(msg.success || msg.stderr.trim() === ""
        ? []
        : proseLines(visibleText(msg.stderr).trim(), columns(), { first: "  ", rest: "  " }).map(
            (line) => paint(line, "red"),
          )),
      paint(
        `${msg.status === "completed" ? "✓" : "✗"} patch: ${msg.status}`,
        msg.status === "completed" ? "green" : "red",
      ),
    ]);
  }

  #changes(changes: Readonly<Record<string, FileChange>>): readonly string[] {
    const { paint } = this.#options;
    return patchLines(changes, { paint, room: this.#room(), workdir: this.#workdir });
  }

  #plan(msg: Extract<EventMsg, { type: "plan_update" }>): void {
    const { paint, columns } = this.#options;
    const prose = (text: string, first: string, ...styles: readonly Style[]): readonly string[] =>
      proseLines(paint(visibleText(text).trim(), ...styles), columns(), { first, rest: "    " });
    const explanation = msg.explanation?.trim() ?? "";
    this.#write("plan", [
      this.#label("plan"),
      ...(explanation === "" ? [] : prose(explanation, "  ", "italic")),
      ...msg.plan.flatMap(({ step, status }): readonly string[] => {
        switch (status) {
          case "completed":
            return prose(step, `  ${paint("✓", "green")} `);
          case "in_progress":
            return prose(step, `  ${paint("→", "cyan")} `, "bold");
          case "pending":
            return prose(step, `  ${paint("•", "dim")} `, "dim");
        }
      }),
    ]);
  }

  #itemCompleted(item: Extract<EventMsg, { type: "item_completed" }>["item"]): void {
    const { paint, columns, isPainted, hideReasoning, showRawReasoning } = this.#options;
    switch (item.type) {
      case "AgentMessage": {
        const text = item.content.map((part) => part.text).join("");
        if (text.trim() !== "") this.#message("codex-ts", text);
        break;
      }
      case "Plan":
        this.#message("proposed plan", item.text);
        break;
      case "Reasoning": {
        if (hideReasoning) break;
        const text = (showRawReasoning ? item.raw_content : item.summary_text).join("\n");
        if (text.trim() === "") break;
        const lines = messageLines(text.trim(), { paint, isPainted, columns: columns() });
        this.#write(
          "reasoning",
          lines.map((line) => paint(line, "dim")),
        );
        break;
      }
      case "WebSearch": {
        const what = item.query === "" ? item.action.type.replaceAll("_", " ") : item.query;
        const lines = proseLines(visibleText(what), columns(), { rest: "  " });
        this.#write("search", [`web search: ${lines[0]}`, ...lines.slice(1)]);
        break;
      }
      default:
        break;
    }
  }

  #message(heading: string, text: string): void {
    const { paint, columns, isPainted } = this.#options;
    const lines = messageLines(text, { paint, isPainted, columns: columns() });
    this.#write("message", [this.#label(heading), ...lines]);
    this.lastShownMessage = text;
  }

  #hookEnd(run: HookRunSummary): void {
    const { paint, columns } = this.#options;
    const style = run.status === "completed" ? "green" : run.status === "failed" ? "red" : "yellow";
    const title = `hook: ${hookName(run.event_name)}`;
    const isQuiet = run.status === "completed" && run.entries.length === 0;
    this.#write("hook", [
      isQuiet
        ? paint(`${title} Completed`, "dim")
        : `${title} ${paint(capitalized(run.status), style)}`,
      ...run.entries.flatMap(({ kind, text }) =>
        visibleText(`${kind}: ${text.trimEnd()}`)
          .split("\n")
          .flatMap((line, index) =>
            proseLines(line, columns(), { first: index === 0 ? "  " : "    ", rest: "    " }),
          )
          .map((line) => paint(line, "dim")),
      ),
    ]);
  }

  /** Which files the turn has changed; what was changed in them stood with each patch. */
  #showChanges(): void {
    if (this.#diff === null) return;
    const { paint } = this.#options;
    const options = { paint, room: this.#room(), workdir: this.#workdir };
    const lines = summaryLines(this.#diff, options);
    if (lines.length > 0) this.#write("patch", [this.#label("changed"), ...lines]);
    this.#diff = null;
  }
}

function commandResult(
  msg: Extract<EventMsg, { type: "exec_command_end" }>,
  rest: string,
  paint: Paint,
): string {
  switch (msg.status) {
    case "completed":
      return paint(`✓ succeeded${rest}`, "green");
    case "failed":
      return paint(`✗ exited ${msg.exit_code}${rest}`, "red");
    case "declined":
      return paint(`✗ declined${rest}`, "yellow");
  }
}

function firstLine(text: string): string {
  const [first = "", ...more] = visibleText(text).split("\n");
  return more.length === 0 && first.length <= 120 ? first : `${first.slice(0, 120)} …`;
}

/** `pre_tool_use` as people know it: `PreToolUse`. */
function hookName(event: HookRunSummary["event_name"]): string {
  return event.split("_").map(capitalized).join("");
}

function hookTitle({ event_name: event, status_message: note }: HookRunSummary): string {
  return note === null || note === ""
    ? hookName(event)
    : `${hookName(event)}: ${visibleText(note)}`;
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function durationText(ms: number): string {
  return ms < 10_000 ? `${ms}ms` : `${(ms / 1000).toFixed(1)}s`;
}
