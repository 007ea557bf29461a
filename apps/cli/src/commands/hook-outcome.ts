// What `hooks test` shows: each run, and what the event comes to.
import type { HookEventName, HookHandler, HookOutcomes } from "@codex-ts/hooks";
import type { HookRunSummary } from "@codex-ts/protocol";

/** One run, with what the hook had to say. */
export function runLines(run: HookRunSummary, handler: HookHandler | undefined): string {
  const command = handler?.type === "command" ? handler.command : run.source_path;
  const line = handler?.source.line ?? null;
  const place = line === null ? run.source_path : `${run.source_path}:${line}`;
  return [
    `${run.status}  ${command}`,
    `  from ${place}, ${run.duration_ms ?? 0} ms`,
    ...run.entries.map(({ kind, text }) => `  ${kind}: ${indented(text)}`),
    "",
  ].join("\n");
}

/** What the agent would do. */
export function outcomeLines(event: HookEventName, outcome: HookOutcomes[HookEventName]): string {
  const lines = outcome.cancelled ? ["interrupted"] : effects(event, outcome);
  const warnings = outcome.warnings.map((warning) => `warning: ${warning}`);
  return [...warnings, ...lines].map((line) => `=> ${indented(line)}\n`).join("");
}

function effects(event: HookEventName, outcome: HookOutcomes[HookEventName]): readonly string[] {
  const contexts =
    "additionalContexts" in outcome
      ? outcome.additionalContexts.map((text) => `the model is told: ${text}`)
      : [];
  return [verdict(event, outcome), ...contexts];
}

function verdict(event: HookEventName, outcome: HookOutcomes[HookEventName]): string {
  const stop = "stop" in outcome ? outcome.stop : null;
  const why = stop === null || stop.reason === null ? "" : `: ${stop.reason}`;
  const block = "block" in outcome ? outcome.block : null;
  switch (event) {
    case "SessionStart":
      return stop === null ? "the session starts" : `the first turn ends at once${why}`;
    case "UserPromptSubmit":
      return stop === null ? "the prompt is sent" : `the prompt is not sent${why}`;
    case "PreToolUse":
      return block === null ? "the tool runs" : `the tool does not run: ${block.reason}`;
    case "PostToolUse": {
      const feedback = "feedback" in outcome ? outcome.feedback : null;
      return feedback === null
        ? "the model gets the tool's output"
        : `the model gets this in place of the output: ${feedback}`;
    }
    case "Stop":
      return block === null ? `the turn ends${why}` : `the turn goes on: ${block.reason}`;
  }
}

function indented(text: string): string {
  return text.trimEnd().replaceAll("\n", "\n     ");
}
