// A review: another model, with instructions and a history of its own, looks at a change and reports.
import { mergeBaseWithHead } from "@codex-ts/git-utils";
import {
  type Event,
  type EventMsg,
  newThreadId,
  type ReviewOutput,
  type ReviewRequest,
  type ReviewTarget,
  userMessage,
} from "@codex-ts/protocol";
import { emptyHistory, History } from "./history.ts";
import { Journal } from "./journal.ts";
import type { PendingInput } from "./pending-input.ts";
import {
  interruptedReview,
  reviewHint,
  reviewInstructions,
  reviewPrompt,
  reviewRecord,
} from "./prompts/review.ts";
import { rateLimitStore } from "./rate-limit-store.ts";
import { recordItems, recordShownItem } from "./recording.ts";
import { sessionContext } from "./responses-session.ts";
import { parseReviewOutput, renderReview } from "./review-output.ts";
import type { TaskParts } from "./tasks.ts";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";
import { newThreadRecorder } from "./thread-recorder.ts";
import type { ThreadResources } from "./thread-resources.ts";
import { type TurnContext, withModel } from "./turn-context.ts";
import { openTurn } from "./turn-services.ts";
import { runTurn, type TurnOutcome } from "./turn.ts";

/** What makes a request for a review useless; null when it can be tried. */
export function reviewProblem({ target }: ReviewRequest): string | null {
  switch (target.type) {
    case "uncommittedChanges":
      return null;
    case "baseBranch":
      return target.branch.trim() === "" ? "a review against a branch needs its name" : null;
    case "commit":
      return target.sha.trim() === "" ? "a review of a commit needs its hash" : null;
    case "custom":
      return target.instructions.trim() === "" ? "a review needs instructions, or a target" : null;
  }
}

/**
 * Has the change reviewed and puts the result into the thread's history. The person follows the
 * reviewer's work through the thread's events; what the reviewer says and reads has a session file of
 * its own.
 */
export async function runReview(request: ReviewRequest, parts: TaskParts): Promise<TurnOutcome> {
  const { thread, turn, signal } = parts;
  const { target, user_facing_hint: hint = reviewHint(target) } = request;
  const entered = { type: "entered_review_mode", target, user_facing_hint: hint } as const;
  await thread.recorder?.materialise();
  await thread.journal.announce(turn.turnId, entered);
  const prompt = reviewPrompt(target, await mergeBaseOf(target, parts));
  // The reviewer's thread tells of the question; a listing looks for it in this one's file.
  await thread.journal.post({
    kind: "line",
    item: { type: "event_msg", payload: question(prompt) },
  });
  const outcome = await askReviewer(prompt, parts);
  signal.throwIfAborted();
  if (outcome.kind === "failed" || outcome.lastAgentMessage === null) {
    await exitReview(parts, /*output*/ null);
    return outcome;
  }
  const output = parseReviewOutput(outcome.lastAgentMessage);
  await exitReview(parts, output);
  return { ...outcome, lastAgentMessage: renderReview(output) };
}

/** Tells the history and the person what came of a review; null when it came to no end. */
export async function exitReview(
  { thread, turn }: Pick<TaskParts, "thread" | "turn">,
  output: ReviewOutput | null,
): Promise<void> {
  const { id: threadId, history, journal } = thread;
  const services = { threadId, turn, history, journal };
  const text = output === null ? null : renderReview(output);
  await recordItems(services, [userMessage(reviewRecord(text ?? interruptedReview))], "context", {
    kind: "event",
    id: turn.turnId,
    msg: { type: "exited_review_mode", review_output: output },
  });
  if (text === null) return;
  await recordShownItem(
    services,
    { type: "message", role: "assistant", content: [{ type: "output_text", text }] },
    { type: "AgentMessage", id: crypto.randomUUID(), content: [{ type: "Text", text }] },
    /*origin*/ undefined,
  );
}

function question(message: string): EventMsg {
  return { type: "user_message", message, images: [], local_images: [], text_elements: [] };
}

async function mergeBaseOf(
  target: ReviewTarget,
  { thread, turn, signal }: TaskParts,
): Promise<string | null> {
  if (target.type !== "baseBranch") return null;
  const { env } = thread.options;
  // Without a repository here the reviewer finds that out, and says so better than we can.
  return mergeBaseWithHead(turn.settings.cwd, target.branch, { env, signal }).catch(() => null);
}

/** The reviewer's turn, from the question to its last message. */
async function askReviewer(prompt: string, parts: TaskParts): Promise<TurnOutcome> {
  const reviewer = reviewerOf(parts.thread, parts.turn);
  const { journal, responses, recorder } = reviewer.thread;
  const { turnId, contextWindow } = reviewer.turn;
  const input: PendingInput[] = [{ kind: "user", items: [{ type: "text", text: prompt }] }];
  try {
    await journal.announce(turnId, {
      type: "task_started",
      turn_id: turnId,
      model_context_window: contextWindow,
      collaboration_mode_kind: "default",
    });
    using opened = await openTurn(reviewer.thread, {
      ...parts,
      turn: reviewer.turn,
      previousModelTurn: null,
      pendingInput: [...input],
      said: [],
      takeSessionStart: () => null,
    });
    const outcome = await runTurn(opened.services, input);
    const last_agent_message = outcome.kind === "completed" ? outcome.lastAgentMessage : null;
    await journal.announce(turnId, { type: "task_complete", turn_id: turnId, last_agent_message });
    await countUsage(parts, reviewer.thread.history);
    return outcome;
  } finally {
    await responses[Symbol.asyncDispose]();
    await journal.drained();
    await recorder?.close().catch(() => {});
  }
}

/** What the reviewer has used is used by the thread that asked. */
async function countUsage({ thread, turn }: TaskParts, reviewed: History): Promise<void> {
  const usage = reviewed.tokenInfo?.total_token_usage;
  if (usage === undefined) return;
  thread.history.addForeignUsage(usage);
  await thread.journal.announce(turn.turnId, {
    type: "token_count",
    info: thread.history.tokenInfo,
    rate_limits: thread.rateLimits.current(),
  });
}

/** A thread within the thread: it shares processes, rules and approvals, and nothing that was said. */
function reviewerOf(
  parent: ThreadResources,
  parentTurn: TurnContext,
): { readonly thread: ThreadResources; readonly turn: TurnContext } {
  const options: ThreadManagerOptions = { ...parent.options, source: { subagent: "review" } };
  const config: ThreadConfig = {
    ...parent.config,
    cwd: parentTurn.settings.cwd,
    webSearch: "disabled",
    developerInstructions: undefined,
    userInstructions: undefined,
  };
  const id = newThreadId((options.now?.() ?? new Date()).getTime());
  const recorder = newThreadRecorder(config, options, {
    id,
    instructions: reviewInstructions,
    settings: {
      now: options.now,
      onWarning: (message) =>
        void parent.journal.announce(parentTurn.turnId, { type: "warning", message }),
    },
  });
  const journal = new Journal({
    sink: recorder,
    mode: config.persistence,
    announce: (event) => forward(parent, event),
  });
  const withReviewModel =
    config.reviewModel === undefined
      ? parentTurn
      : withModel(parentTurn, config.reviewModel, options);
  return {
    thread: {
      ...parent,
      id,
      config,
      options,
      recorder,
      instructions: reviewInstructions,
      instructionsFor: async () => null,
      history: new History(emptyHistory),
      journal,
      responses: options.responses.openSession(sessionContext(id, config, options.source)),
      rateLimits: rateLimitStore(),
      codeMode: null,
    },
    turn: {
      ...withReviewModel,
      settings: {
        ...withReviewModel.settings,
        approvalPolicy: "never",
        collaborationMode: undefined,
      },
      userInstructions: null,
      developerInstructions: null,
    },
  };
}

/** What is said in the reviewer's own thread, and is not for those who follow the other one. */
const unshown: ReadonlySet<EventMsg["type"]> = new Set([
  "task_started",
  "task_complete",
  "raw_response_item",
  "token_count",
  "agent_message",
  "agent_message_delta",
  "agent_message_content_delta",
]);

/** Lets the person see the reviewer at work, as part of the thread that they know. */
function forward(parent: ThreadResources, { id, msg }: Event): void {
  if (unshown.has(msg.type) || ("item" in msg && msg.item.type === "AgentMessage")) return;
  const shown = "thread_id" in msg ? { ...msg, thread_id: parent.id } : msg;
  parent.journal.tell({ id, msg: shown });
}
