// What a thread has for as long as it runs.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { createRulebook, type Rulebook } from "@codex-ts/exec-policy";
import type { ThreadId } from "@codex-ts/protocol";
import type { ResponsesSession } from "@codex-ts/responses-client";
import type { RolloutRecorder } from "@codex-ts/rollout";
import {
  type ApprovalCache,
  childEnvironment,
  createApprovalCache,
  createProcessStore,
  createSessionGrants,
  type ProcessStore,
  type SessionGrants,
} from "@codex-ts/tools";
import { createReviewSession, type ReviewSession } from "./approval-assessment.ts";
import { PendingApprovals } from "./approvals.ts";
import { History, type HistoryState } from "./history.ts";
import type { Journal } from "./journal.ts";
import { rateLimitStore } from "./rate-limit-store.ts";
import { sessionContext } from "./responses-session.ts";
import type { RateLimitStore } from "./sampling.ts";
import { ThreadCodeMode } from "./thread-code-mode.ts";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";

export interface ThreadResources {
  readonly id: ThreadId;
  readonly config: ThreadConfig;
  readonly options: ThreadManagerOptions;
  /** Null for a thread without a session file. */
  readonly recorder: RolloutRecorder | null;
  /** The base instructions: fixed for the session, whatever model it goes on with. */
  readonly instructions: string;
  /** The instructions that hold in a folder: the person's, and those of the project there. */
  readonly instructionsFor: (cwd: AbsolutePath) => Promise<string | null>;
  readonly history: History;
  readonly journal: Journal;
  readonly responses: ResponsesSession;
  readonly rateLimits: RateLimitStore;
  readonly approvals: PendingApprovals;
  readonly approvalCache: ApprovalCache;
  readonly rules: Rulebook;
  readonly grants: SessionGrants;
  readonly reviews: ReviewSession;
  readonly processes: ProcessStore;
  /** Null when the feature is off. */
  readonly codeMode: ThreadCodeMode | null;
  readonly childEnv: Readonly<Record<string, string>>;
}

/** What a thread begins with. */
export interface ThreadParts {
  readonly id: ThreadId;
  readonly config: ThreadConfig;
  readonly options: ThreadManagerOptions;
  readonly recorder: RolloutRecorder | null;
  readonly history: HistoryState;
  readonly instructions: string;
  readonly instructionsFor: (cwd: AbsolutePath) => Promise<string | null>;
}

export function threadResources(parts: ThreadParts, journal: Journal): ThreadResources {
  const { id, config, options } = parts;
  return {
    id,
    config,
    options,
    recorder: parts.recorder,
    instructions: parts.instructions,
    instructionsFor: parts.instructionsFor,
    history: new History(parts.history),
    journal,
    responses: options.responses.openSession(sessionContext(id, config, options.source)),
    rateLimits: rateLimitStore(),
    approvals: new PendingApprovals(),
    approvalCache: createApprovalCache(),
    rules: config.rules ?? createRulebook({ codexHome: options.codexHome }),
    grants: createSessionGrants(),
    reviews: createReviewSession({
      responses: options.responses,
      lookUpModel: options.lookUpModel,
      hasReviewModel: config.modelProviderId === "openai",
    }),
    processes: createProcessStore(),
    codeMode: config.features.enabled("code_mode")
      ? new ThreadCodeMode({
          only: config.features.enabled("code_mode_only"),
          onWarning: (message) => journal.announce("", { type: "warning", message }),
        })
      : null,
    childEnv: childEnvironment(config.shellEnvironmentPolicy, options.env, { threadId: id }),
  };
}
