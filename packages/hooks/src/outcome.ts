// What an occurrence of an event comes to, once all its runs have ended.
import type { HookEventName } from "./events.ts";
import type { Judgement } from "./judge.ts";
import type { HookRunSummary } from "@codex-ts/protocol";

interface OutcomeFacts {
  /** All runs, in declaration order. */
  readonly runs: readonly HookRunSummary[];
  /** To be shown to the person besides what the runs say. */
  readonly warnings: readonly string[];
  /** Whether the occurrence was aborted; its effects are then of no use. */
  readonly cancelled: boolean;
}

/** An end that a hook asked for. */
export interface HookStop {
  /** `blocked` when the prompt was refused rather than the turn stopped. */
  readonly status: "stopped" | "blocked";
  readonly reason: string | null;
}

/** What the SessionStart hooks come to. */
export interface SessionStartOutcome extends OutcomeFacts {
  /** The first turn ends before the model is asked. */
  readonly stop: HookStop | null;
  /** One developer message each. */
  readonly additionalContexts: readonly string[];
}

/** What the UserPromptSubmit hooks come to. */
export interface UserPromptSubmitOutcome extends OutcomeFacts {
  /** The prompt is not recorded, and the turn ends. The contexts are recorded all the same. */
  readonly stop: HookStop | null;
  /** One developer message each. */
  readonly additionalContexts: readonly string[];
}

/** What the PreToolUse hooks come to. */
export interface PreToolUseOutcome extends OutcomeFacts {
  /** The first refusal; the tool must not run. */
  readonly block: { readonly reason: string; readonly runId: string } | null;
}

/** What the PostToolUse hooks come to. */
export interface PostToolUseOutcome extends OutcomeFacts {
  /** A hook asked to stop here; `feedback` then has its reason as well. */
  readonly stop: HookStop | null;
  /** One developer message each. */
  readonly additionalContexts: readonly string[];
  /** Replaces the whole output of the tool. */
  readonly feedback: string | null;
}

/** One reason to go on, as the model is told of it. */
export interface HookPromptFragment {
  readonly text: string;
  readonly hookRunId: string;
}

/** What the Stop hooks come to; with neither `stop` nor `block` the turn ends as it would have. */
export interface StopOutcome extends OutcomeFacts {
  /** The turn ends, whatever other hooks say. */
  readonly stop: HookStop | null;
  /** The turn goes on with one user message of these fragments. Never together with `stop`. */
  readonly block: {
    readonly reason: string;
    readonly fragments: readonly HookPromptFragment[];
  } | null;
}

/** What {@link Hooks.run} resolves to, by event. */
export interface HookOutcomes {
  readonly PreToolUse: PreToolUseOutcome;
  readonly PostToolUse: PostToolUseOutcome;
  readonly SessionStart: SessionStartOutcome;
  readonly UserPromptSubmit: UserPromptSubmitOutcome;
  readonly Stop: StopOutcome;
}

/** A run and what came of it. */
export interface FinishedRun {
  readonly summary: HookRunSummary;
  readonly judgement: Judgement;
}

/** Merges in declaration order, whatever the order in which the runs ended. */
export function mergeOutcome<E extends HookEventName>(
  event: E,
  finished: readonly FinishedRun[],
): HookOutcomes[E] {
  return merge(event, finished) as HookOutcomes[E];
}

function merge(
  event: HookEventName,
  finished: readonly FinishedRun[],
): HookOutcomes[HookEventName] {
  const facts: OutcomeFacts = {
    runs: finished.map(({ summary }) => summary),
    warnings: [],
    cancelled: finished.some(({ judgement }) => judgement.status === "cancelled"),
  };
  const blocks = finished.flatMap(({ summary, judgement: { block } }) =>
    block === null ? [] : [{ text: block, hookRunId: summary.id }],
  );
  const [firstBlock] = blocks;
  switch (event) {
    case "PreToolUse": {
      const block =
        firstBlock === undefined ? null : { reason: firstBlock.text, runId: firstBlock.hookRunId };
      return { ...facts, block };
    }
    case "Stop": {
      const stop = firstStop(finished);
      const reason = blocks.map(({ text }) => text).join("\n\n");
      const block = stop !== null || blocks.length === 0 ? null : { reason, fragments: blocks };
      return { ...facts, stop, block };
    }
    case "PostToolUse": {
      const feedbacks = finished.flatMap(({ judgement: { feedback } }) => feedback ?? []);
      const feedback = feedbacks.length === 0 ? null : feedbacks.join("\n\n");
      return {
        ...facts,
        stop: firstStop(finished),
        additionalContexts: contexts(finished),
        feedback,
      };
    }
    case "SessionStart":
      return { ...facts, stop: firstStop(finished), additionalContexts: contexts(finished) };
    case "UserPromptSubmit": {
      const additionalContexts = contexts(finished);
      const stop = firstStop(finished);
      if (firstBlock === undefined) return { ...facts, stop, additionalContexts };
      // The first reason that was given counts, of stops and refusals alike.
      const reason =
        finished
          .map(({ judgement: { stop: ended, block } }) => ended?.reason ?? block)
          .find((text) => text !== null && text !== undefined) ?? null;
      const status = stop === null ? "blocked" : "stopped";
      return { ...facts, stop: { status, reason }, additionalContexts };
    }
  }
}

function contexts(finished: readonly FinishedRun[]): readonly string[] {
  return finished.flatMap(({ judgement: { context } }) => context ?? []);
}

function firstStop(finished: readonly FinishedRun[]): HookStop | null {
  const stops = finished.flatMap(({ judgement: { stop } }) => stop ?? []);
  if (stops.length === 0) return null;
  return {
    status: "stopped",
    reason: stops.find(({ reason }) => reason !== null)?.reason ?? null,
  };
}
