// A reviewer in the person's place: its assessment, the verdict that follows, and what is told of it.
import type { GuardianAssessmentEvent, JsonValue } from "@codex-ts/protocol";
import { joinWords } from "@codex-ts/shell-command";
import { withinTime } from "./abort.ts";
import type { ApprovalRequest, ToolContext } from "./tool.ts";

/** How much harm an action could do. */
export type RiskLevel = "low" | "medium" | "high";

/** How a reviewer sees an action. */
export interface RiskAssessment {
  readonly riskLevel: RiskLevel;
  /** 0 to 100. */
  readonly riskScore: number;
  readonly rationale: string;
}

/** What a reviewer is asked to judge. */
export interface ReviewRequest {
  /** The whole action, with everything that it would do. */
  readonly action: JsonValue;
  /** Why the action is asked about a second time; null for the first. */
  readonly reason: string | null;
}

/** Assesses actions, usually by asking a model. To reject is to fail, and a failed review denies. */
export type AssessAction = (request: ReviewRequest, signal: AbortSignal) => Promise<RiskAssessment>;

/** What a reviewer decides. */
export type ReviewVerdict =
  | { readonly isApproved: true }
  /** `message` is the model's answer. */
  | { readonly isApproved: false; readonly message: string };

/** Answers questions in the person's place. One per turn. */
export interface ApprovalReviewer {
  decide(
    request: ApprovalRequest,
    context: Pick<ToolContext, "turnId" | "emit" | "cwd">,
    signal: AbortSignal,
  ): Promise<ReviewVerdict>;
}

/** From this score on an action is too risky. */
const DENIED_FROM = 80;
const TIME_LIMIT_MS = 90_000;

const DENIAL_ADVICE =
  "Do not work around this: no other command, indirect execution or weaker setting to the same end. Go on in a way that is materially safer, or ask the user, tell them the risk, and go on only when they agree to it; otherwise stop.";

/**
 * Makes the reviewer of one turn. An action is approved when its risk is below 80 and not called high;
 * a review that fails, takes longer than 90 seconds, or contradicts itself denies. What was approved is
 * not reviewed again within the turn.
 */
export function createApprovalReviewer(
  assess: AssessAction,
  options: { readonly timeLimitMs?: number | undefined } = {},
): ApprovalReviewer {
  const { timeLimitMs = TIME_LIMIT_MS } = options;
  const approved = new Set<string>();
  return {
    async decide(request, context, signal) {
      const action = fullAction(request, context.cwd);
      const key = JSON.stringify([action, request.reason]);
      if (approved.has(key)) return { isApproved: true };
      const tell = (status: GuardianAssessmentEvent["status"], assessment?: RiskAssessment): void =>
        context.emit({
          type: "guardian_assessment",
          id: request.callId,
          turn_id: context.turnId,
          status,
          ...(assessment === undefined
            ? {}
            : {
                risk_score: assessment.riskScore,
                risk_level: assessment.riskLevel,
                rationale: assessment.rationale,
              }),
          action: actionSummary(request, context.cwd),
        });
      tell("in_progress");
      const assessment = await assessOrFail(
        assess,
        { action, reason: request.reason },
        timeLimitMs,
        signal,
      );
      if (signal.aborted) {
        tell("aborted");
        throw signal.reason;
      }
      const isApproved = assessment.riskLevel !== "high" && assessment.riskScore < DENIED_FROM;
      const verdict = isApproved ? "approved" : "denied";
      context.emit({
        type: "warning",
        message: `The reviewer ${verdict} this request (risk: ${assessment.riskLevel}, ${assessment.riskScore} of 100): ${assessment.rationale}`,
      });
      tell(verdict, assessment);
      if (isApproved) {
        approved.add(key);
        return { isApproved };
      }
      return {
        isApproved,
        message: `The reviewer of this session denied this action because its risk is unacceptable: ${assessment.rationale}\n${DENIAL_ADVICE}`,
      };
    },
  };
}

/** Every failure is an assessment of its own: the worst. */
async function assessOrFail(
  assess: AssessAction,
  request: ReviewRequest,
  timeLimitMs: number,
  signal: AbortSignal,
): Promise<RiskAssessment> {
  const failed = (why: string): RiskAssessment => ({
    riskLevel: "high",
    riskScore: 100,
    rationale: `the review failed: ${why}`,
  });
  const limit = new AbortController();
  const either = AbortSignal.any([signal, limit.signal]);
  try {
    const assessed = await withinTime(assess(request, either), timeLimitMs, signal);
    return assessed ?? failed(`it took longer than ${timeLimitMs / 1000} seconds`);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  } finally {
    limit.abort();
  }
}

/**
 * Reads a reviewer's answer: one JSON object `{risk_level, risk_score, rationale, evidence}`, with or
 * without words around it.
 *
 * @throws Error that says what is wrong with it
 */
export function parseAssessment(text: string): RiskAssessment {
  const json = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error("the reviewer's answer is not JSON", { cause: error });
  }
  if (typeof value !== "object" || value === null) {
    throw new Error("the reviewer's answer is not an object");
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const { risk_level: riskLevel, risk_score: riskScore, rationale } = fields;
  if (riskLevel !== "low" && riskLevel !== "medium" && riskLevel !== "high") {
    throw new Error("the reviewer's answer has no risk_level of low, medium or high");
  }
  if (!Number.isInteger(riskScore) || Number(riskScore) < 0 || Number(riskScore) > 100) {
    throw new Error("the reviewer's answer has no risk_score from 0 to 100");
  }
  if (typeof rationale !== "string") throw new Error("the reviewer's answer has no rationale");
  const score = Number(riskScore);
  if ((riskLevel === "high") !== score >= DENIED_FROM) {
    throw new Error(
      `the reviewer contradicts itself: its level is ${riskLevel}, its score ${score}`,
    );
  }
  return { riskLevel, riskScore: score, rationale };
}

/** The JSON Schema of what {@link parseAssessment} reads. */
export const assessmentSchema: JsonValue = {
  type: "object",
  additionalProperties: false,
  required: ["risk_level", "risk_score", "rationale", "evidence"],
  properties: {
    risk_level: { type: "string", enum: ["low", "medium", "high"] },
    risk_score: { type: "integer", minimum: 0, maximum: 100 },
    rationale: { type: "string" },
    evidence: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["message", "why"],
        properties: { message: { type: "string" }, why: { type: "string" } },
      },
    },
  },
};

/** The action as clients show it: without the text of patches. */
function actionSummary(request: ApprovalRequest, cwd: string): JsonValue {
  if (request.kind === "command") {
    return { tool: request.tool, command: joinWords(request.command), cwd: request.cwd };
  }
  const files = Object.keys(request.changes);
  return { tool: "apply_patch", cwd, files, change_count: files.length };
}

/** The action as the reviewer judges it. */
function fullAction(request: ApprovalRequest, cwd: string): JsonValue {
  if (request.kind === "patch") {
    return { tool: "apply_patch", cwd, changes: request.changes as unknown as JsonValue };
  }
  return {
    tool: request.tool,
    command: request.command,
    cwd: request.cwd,
    sandbox: request.isUnconfined ? "the command would run outside the sandbox" : "confined",
    ...(request.additionalPermissions === undefined
      ? {}
      : { additional_permissions: request.additionalPermissions as unknown as JsonValue }),
    ...(request.justification === null ? {} : { justification: request.justification }),
  };
}
