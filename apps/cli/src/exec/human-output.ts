// What a person sees of a run, on stderr: commands, patches, plans, messages, the end.
import type {
  EventMsg,
  FileChange,
  HookRunSummary,
  SandboxPolicy,
  TokenUsage,
} from "@codex-ts/protocol";
import type { Paint } from "../colors.ts";
import { shellCommand } from "./shown-command.ts";

export interface RunHeader {
  readonly version: string;
  readonly workdir: string;
  readonly model: string;
  readonly provider: string;
  readonly approval: string;
  readonly sandbox: SandboxPolicy;
  /** The permission profile that is enforced in place of the policy. */
  readonly permissions: string | null;
  readonly effort: string | null;
  readonly summaries: string | null;
  readonly sessionId: string;
  readonly prompt: string;
}

export interface HumanOutputOptions {
  readonly paint: Paint;
  readonly write: (text: string) => void;
  readonly hideReasoning: boolean;
  readonly showRawReasoning: boolean;
}

/** Writes the events of a run for a person; keeps what the end of the run needs. */
export class HumanOutput {
  readonly #options: HumanOutputOptions;
  #usage: TokenUsage | null = null;
  #diff: string | null = null;
  /** The command whose begin is the last thing written; its end needs no name. */
  #commandAbove: string | null = null;
  /** The last message that was written out. */
  lastShownMessage: string | null = null;

  constructor(options: HumanOutputOptions) {
    this.#options = options;
  }

  header(header: RunHeader): void {
    const { paint } = this.#options;
    const line = (key: string, value: string): string => `${paint(`${key}:`, "bold")} ${value}`;
    this.#line(paint(`codex-ts v${header.version}`, "bold"));
    this.#line("--------");
    this.#line(line("workdir", header.workdir));
    this.#line(line("model", header.model));
    this.#line(line("provider", header.provider));
    this.#line(line("approval", header.approval));
    this.#line(
      header.permissions === null
        ? line("sandbox", sandboxSummary(header.sandbox))
        : line("permissions", header.permissions),
    );
    this.#line(line("reasoning effort", header.effort ?? "none"));
    this.#line(line("reasoning summaries", header.summaries ?? "none"));
    this.#line(line("session id", header.sessionId));
    this.#line("--------");
    this.#line(paint("user", "cyan"));
    this.#line(header.prompt);
  }

  push(msg: EventMsg): void {
    const { paint } = this.#options;
    switch (msg.type) {
      case "warning":
        this.#line(`${paint("warning:", "bold", "yellow")} ${msg.message}`);
        break;
      case "deprecation_notice":
        this.#line(`${paint("deprecated:", "bold", "yellow")} ${msg.summary}`);
        if (msg.details !== undefined) this.#line(paint(msg.details, "dim"));
        break;
      case "error":
        this.#line(paint(`ERROR: ${msg.message}`, "bold", "red"));
        break;
      case "stream_error":
        this.#line(
          paint(
            msg.additional_details === null
              ? msg.message
              : `${msg.message} (${msg.additional_details})`,
            "yellow",
          ),
        );
        break;
      case "exec_command_begin":
        if (msg.source === "unified_exec_interaction") break;
        this.#line(paint("exec", "italic", "magenta"));
        this.#line(`${paint(shellCommand(msg.command), "bold")} in ${msg.cwd}`);
        this.#commandAbove = msg.call_id;
        break;
      case "exec_command_end":
        if (msg.source !== "unified_exec_interaction") this.#commandEnd(msg);
        break;
      case "patch_apply_begin":
        this.#line(paint("apply patch", "italic", "magenta"));
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
      case "item_started":
        if (msg.item.type === "WebSearch") this.#line(`web search: ${msg.item.query}`);
        break;
      case "item_completed":
        this.#itemCompleted(msg.item);
        break;
      case "hook_started":
        this.#line(`hook: ${hookName(msg.run.event_name)}${hookNote(msg.run.status_message)}`);
        break;
      case "hook_completed":
        this.#hookEnd(msg.run);
        break;
      case "context_compacted":
        this.#line(paint("context compacted", "dim"));
        break;
      case "model_reroute":
        this.#line(`model rerouted: ${msg.from_model} -> ${msg.to_model}`);
        break;
      case "token_count":
        this.#usage = msg.info?.total_token_usage ?? this.#usage;
        break;
      case "turn_aborted":
        this.#showDiff();
        this.#line(paint("turn interrupted", "dim"));
        break;
      case "task_complete":
        this.#showDiff();
        break;
      default:
        break;
    }
  }

  /** The last line: how many tokens the thread has used. */
  end(): void {
    if (this.#usage === null) return;
    const { paint } = this.#options;
    const used =
      Math.max(0, this.#usage.input_tokens - this.#usage.cached_input_tokens) +
      this.#usage.output_tokens;
    if (used === 0) return;
    this.#line(paint(`tokens used: ${used.toLocaleString("en-US")}`, "dim"));
  }

  #line(text: string): void {
    this.#commandAbove = null;
    this.#options.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  #commandEnd(msg: Extract<EventMsg, { type: "exec_command_end" }>): void {
    const { paint } = this.#options;
    const ms = Math.round(msg.duration.secs * 1000 + msg.duration.nanos / 1e6);
    const took = ms > 0 ? ` in ${durationText(ms)}` : "";
    const name = this.#commandAbove === msg.call_id ? "" : paint(shellCommand(msg.command), "bold");
    switch (msg.status) {
      case "completed":
        this.#line(`${name}${paint(` succeeded${took}:`, "green")}`);
        break;
      case "failed":
        this.#line(`${name}${paint(` exited ${msg.exit_code}${took}:`, "red")}`);
        break;
      case "declined":
        this.#line(`${name}${paint(` declined${took}:`, "yellow")}`);
        break;
    }
    if (msg.aggregated_output.trim() !== "") this.#line(paint(msg.aggregated_output, "dim"));
  }

  #patchEnd(msg: Extract<EventMsg, { type: "patch_apply_end" }>): void {
    const { paint } = this.#options;
    const style = msg.status === "completed" ? "green" : "red";
    this.#line(paint(`patch: ${msg.status}`, style));
    for (const [path, change] of Object.entries(msg.changes)) {
      this.#line(paint(`${changeLetter(change)} ${path}`, "dim"));
    }
    if (!msg.success && msg.stderr.trim() !== "") this.#line(paint(msg.stderr, "red"));
  }

  #plan(msg: Extract<EventMsg, { type: "plan_update" }>): void {
    const { paint } = this.#options;
    this.#line(paint("plan", "italic", "magenta"));
    if (msg.explanation !== null && msg.explanation.trim() !== "") {
      this.#line(paint(msg.explanation, "italic"));
    }
    for (const step of msg.plan) {
      switch (step.status) {
        case "completed":
          this.#line(`  ${paint("✓", "green")} ${step.step}`);
          break;
        case "in_progress":
          this.#line(`  ${paint("→", "cyan")} ${step.step}`);
          break;
        case "pending":
          this.#line(`  ${paint("•", "dim")} ${paint(step.step, "dim")}`);
          break;
      }
    }
  }

  #itemCompleted(item: Extract<EventMsg, { type: "item_completed" }>["item"]): void {
    const { paint, hideReasoning, showRawReasoning } = this.#options;
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
        const parts = showRawReasoning ? item.raw_content : item.summary_text;
        const text = parts.join("\n");
        if (text.trim() !== "") this.#line(paint(text, "dim"));
        break;
      }
      default:
        break;
    }
  }

  #message(heading: string, text: string): void {
    this.#line(this.#options.paint(heading, "italic", "magenta"));
    this.#line(text);
    this.lastShownMessage = text;
  }

  #hookEnd(run: HookRunSummary): void {
    const { paint } = this.#options;
    const status = capitalized(run.status);
    const style = run.status === "completed" ? "green" : run.status === "failed" ? "red" : "yellow";
    this.#line(`hook: ${hookName(run.event_name)} ${paint(status, style)}`);
    for (const { kind, text } of run.entries) {
      this.#line(paint(`  ${kind}: ${text.trimEnd().replaceAll("\n", "\n    ")}`, "dim"));
    }
  }

  #showDiff(): void {
    if (this.#diff === null) return;
    const { paint } = this.#options;
    for (const line of this.#diff.trimEnd().split("\n")) this.#line(paintDiffLine(line, paint));
    this.#diff = null;
  }
}

function paintDiffLine(text: string, paint: Paint): string {
  const line = text.replace(
    /^index ([0-9a-f]{7})[0-9a-f]*\.\.([0-9a-f]{7})[0-9a-f]*/,
    "index $1..$2",
  );
  if (line.startsWith("+++") || line.startsWith("---") || line.startsWith("diff ")) {
    return paint(line, "bold");
  }
  if (line.startsWith("@@")) return paint(line, "cyan");
  if (line.startsWith("+")) return paint(line, "green");
  if (line.startsWith("-")) return paint(line, "red");
  return line;
}

/** `pre_tool_use` as people know it: `PreToolUse`. */
function hookName(event: HookRunSummary["event_name"]): string {
  return event.split("_").map(capitalized).join("");
}

function hookNote(statusMessage: string | null): string {
  return statusMessage === null || statusMessage === "" ? "" : `: ${statusMessage}`;
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function changeLetter(change: FileChange): string {
  if (change.type === "add") return "A";
  return change.type === "delete" ? "D" : "M";
}

function durationText(ms: number): string {
  return ms < 10_000 ? `${ms}ms` : `${(ms / 1000).toFixed(1)}s`;
}

/** One line for a sandbox policy. */
function sandboxSummary(policy: SandboxPolicy): string {
  switch (policy.type) {
    case "danger-full-access":
      return "danger-full-access";
    case "external-sandbox":
      return `external-sandbox${policy.network_access === "enabled" ? NETWORK : ""}`;
    case "read-only":
      return `read-only${policy.network_access === true ? NETWORK : ""}`;
    case "workspace-write": {
      const roots = [
        "workdir",
        ...(policy.exclude_slash_tmp === true ? [] : ["/tmp"]),
        ...(policy.exclude_tmpdir_env_var === true ? [] : ["$TMPDIR"]),
        ...(policy.writable_roots ?? []),
      ];
      return `workspace-write [${roots.join(", ")}]${policy.network_access === true ? NETWORK : ""}`;
    }
  }
}

const NETWORK = " (network access enabled)";
