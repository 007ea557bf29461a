// The frozen snapshot of settings that one turn runs with, and how it is made.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type {
  ApprovalsReviewer,
  AskForApproval,
  CollaborationMode,
  JsonValue,
  ModelInfo,
  Personality,
  ReasoningEffort,
  ReasoningSummaryMode,
  SandboxPolicy,
  ServiceTier,
  TruncationPolicy,
  TurnContextItem,
  Verbosity,
} from "@codex-ts/protocol";
import type { SplitPolicy } from "@codex-ts/sandboxing";
import type { Skill } from "@codex-ts/skills";
import type { TraceSpan } from "@codex-ts/telemetry";
import { hostTimezone, localDate } from "./environment-context.ts";
import type { ThreadManagerOptions } from "./thread-config.ts";
import type { ThreadResources } from "./thread-resources.ts";

/** The settings of a session that a turn may change. */
export interface SessionSettings {
  readonly cwd: AbsolutePath;
  readonly model: string;
  readonly approvalPolicy: AskForApproval;
  readonly approvalsReviewer: ApprovalsReviewer;
  readonly sandboxPolicy: SandboxPolicy;
  /** Enforced in place of `sandboxPolicy` where it is given. */
  readonly permissions: SplitPolicy | undefined;
  readonly effort: ReasoningEffort | undefined;
  readonly summary: ReasoningSummaryMode | undefined;
  readonly verbosity: Verbosity | undefined;
  readonly serviceTier: ServiceTier | undefined;
  readonly personality: Personality | undefined;
  readonly collaborationMode: CollaborationMode | undefined;
}

export interface TurnContext {
  readonly turnId: string;
  /** The trace that the turn belongs to; null when it belongs to none. */
  readonly traceId: string | null;
  readonly settings: SessionSettings;
  readonly model: ModelInfo;
  readonly summary: ReasoningSummaryMode;
  /** The part of the model's window that is used, in tokens. */
  readonly contextWindow: number | null;
  readonly truncation: TruncationPolicy;
  /** `YYYY-MM-DD`, local. */
  readonly currentDate: string;
  readonly timezone: string;
  readonly userInstructions: string | null;
  readonly developerInstructions: string | null;
  /** Those that are on, here and now. */
  readonly skills: readonly Skill[];
  readonly outputSchema: JsonValue;
}

/** The settings as they are now, with what else holds for a turn that begins now. */
export async function openTurnContext(
  thread: Pick<ThreadResources, "config" | "options" | "instructionsFor">,
  settings: SessionSettings,
  turn: {
    readonly id: string;
    readonly outputSchema?: JsonValue;
    readonly span?: TraceSpan | undefined;
  },
): Promise<TurnContext> {
  const { config, options, instructionsFor } = thread;
  const timezone = options.timezone ?? hostTimezone();
  const currentDate = localDate(options.now?.() ?? new Date(), timezone);
  return {
    turnId: turn.id,
    traceId: turn.span?.traceId ?? null,
    settings,
    ...modelFacts(settings, options),
    currentDate,
    timezone,
    userInstructions: await instructionsFor(settings.cwd),
    developerInstructions: config.developerInstructions ?? null,
    skills: (await config.skills?.(settings.cwd)) ?? [],
    outputSchema: turn.outputSchema ?? null,
  };
}

/** The turn as another model would run it. */
export function withModel(
  turn: TurnContext,
  model: string,
  options: Pick<ThreadManagerOptions, "lookUpModel">,
): TurnContext {
  const settings = { ...turn.settings, model };
  return { ...turn, settings, ...modelFacts(settings, options) };
}

function modelFacts(
  settings: SessionSettings,
  { lookUpModel }: Pick<ThreadManagerOptions, "lookUpModel">,
): Pick<TurnContext, "model" | "summary" | "contextWindow" | "truncation"> {
  const model = lookUpModel(settings.model);
  return {
    model,
    summary: settings.summary ?? model.default_reasoning_summary ?? "auto",
    contextWindow: usableContextWindow(model),
    truncation: model.truncation_policy,
  };
}

export function collaborationModeOf(settings: SessionSettings): CollaborationMode {
  return (
    settings.collaborationMode ?? {
      mode: "default",
      settings: {
        model: settings.model,
        reasoning_effort: settings.effort ?? null,
        developer_instructions: null,
      },
    }
  );
}

/** The line of the session file that says what this turn's model is told. */
export function turnContextItem(turn: TurnContext): TurnContextItem {
  const { settings } = turn;
  return {
    turn_id: turn.turnId,
    ...(turn.traceId === null ? {} : { trace_id: turn.traceId }),
    cwd: settings.cwd,
    current_date: turn.currentDate,
    timezone: turn.timezone,
    approval_policy: settings.approvalPolicy,
    ...(settings.approvalsReviewer === "user"
      ? {}
      : { approvals_reviewer: settings.approvalsReviewer }),
    sandbox_policy: settings.sandboxPolicy,
    model: settings.model,
    ...(settings.personality === undefined ? {} : { personality: settings.personality }),
    collaboration_mode: collaborationModeOf(settings),
    realtime_active: false,
    ...(settings.effort === undefined ? {} : { effort: settings.effort }),
    summary: turn.summary,
    ...(turn.userInstructions === null ? {} : { user_instructions: turn.userInstructions }),
    ...(turn.developerInstructions === null
      ? {}
      : { developer_instructions: turn.developerInstructions }),
    ...(turn.outputSchema === null ? {} : { final_output_json_schema: turn.outputSchema }),
    truncation_policy: turn.truncation,
  };
}

/** The share of the model's window that a thread may fill; null when the window is not known. */
function usableContextWindow(model: ModelInfo): number | null {
  if (model.context_window === undefined || model.context_window === null) return null;
  return Math.floor((model.context_window * (model.effective_context_window_percent ?? 95)) / 100);
}
