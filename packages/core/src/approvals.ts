// Questions to the person that a running turn waits for.
import type {
  EventMsg,
  PermissionProfile,
  RequestPermissionsResponse,
  RequestUserInputResponse,
  ReviewDecision,
} from "@codex-ts/protocol";
import { intersectProfiles } from "@codex-ts/sandboxing";
import {
  type ApprovalRequest,
  type PermissionsAnswer,
  type PermissionsRequest,
  type UserInputAnswers,
  type UserInputRequest,
} from "@codex-ts/tools";

/** Announces a question; resolves when the client can see it. */
type Announce = (msg: EventMsg) => Promise<void>;

/** Questions of one kind that wait for their answers, by call id. */
class Waiting<T> {
  readonly #waiting = new Map<string, (answer: T) => void>();

  /** Announces a question through `announce` and waits for its answer; an abort answers `byDefault`. */
  async ask(
    callId: string,
    byDefault: T,
    announce: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<T> {
    if (signal.aborted) return byDefault;
    const { promise, resolve } = Promise.withResolvers<T>();
    const onAbort = (): void => resolve(byDefault);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.set(callId, resolve);
    try {
      await announce();
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#waiting.delete(callId);
    }
  }

  answer(callId: string, answer: T): boolean {
    const resolve = this.#waiting.get(callId);
    resolve?.(answer);
    return resolve !== undefined;
  }

  /** The call that has waited longest. */
  get first(): string | undefined {
    return this.#waiting.keys().next().value;
  }
}

/** The questions of one session; answers are matched by call id. */
export class PendingApprovals {
  readonly #decisions = new Waiting<ReviewDecision>();
  readonly #permissions = new Waiting<RequestPermissionsResponse>();
  readonly #userInput = new Waiting<UserInputAnswers>();

  /** An abort of `signal` answers `abort`. */
  ask(
    request: ApprovalRequest,
    turnId: string,
    announce: Announce,
    signal: AbortSignal,
  ): Promise<ReviewDecision> {
    const event = approvalEvent(request, turnId);
    return this.#decisions.ask(request.callId, "abort", () => announce(event), signal);
  }

  /** What the person grants is cut down to what was asked for; an abort grants nothing. */
  async askPermissions(
    { callId, reason, permissions }: PermissionsRequest,
    turnId: string,
    announce: Announce,
    signal: AbortSignal,
  ): Promise<PermissionsAnswer> {
    const event = {
      type: "request_permissions" as const,
      call_id: callId,
      turn_id: turnId,
      ...(reason === null ? {} : { reason }),
      permissions,
    };
    const nothing = { permissions: {} };
    const answer = await this.#permissions.ask(callId, nothing, () => announce(event), signal);
    return {
      permissions: grantedOf(permissions, answer.permissions),
      scope: answer.scope ?? "turn",
    };
  }

  /** An abort gives no answers. */
  askUserInput(
    { callId, questions }: UserInputRequest,
    turnId: string,
    announce: Announce,
    signal: AbortSignal,
  ): Promise<UserInputAnswers> {
    const event = {
      type: "request_user_input" as const,
      call_id: callId,
      turn_id: turnId,
      questions,
    };
    return this.#userInput.ask(callId, /*byDefault*/ null, () => announce(event), signal);
  }

  /** Hands an answer to its question; false when nobody waits for it. */
  answer(callId: string, decision: ReviewDecision): boolean {
    return this.#decisions.answer(callId, decision);
  }

  answerPermissions(callId: string, response: RequestPermissionsResponse): boolean {
    return this.#permissions.answer(callId, response);
  }

  /** `id` is the call's, or the turn's: then the question that has waited longest is meant. */
  answerUserInput(id: string, { answers }: RequestUserInputResponse): boolean {
    if (this.#userInput.answer(id, answers)) return true;
    const { first } = this.#userInput;
    return first !== undefined && this.#userInput.answer(first, answers);
  }
}

/** A client's answer comes from outside: what is no profile grants nothing. */
function grantedOf(requested: PermissionProfile, granted: unknown): PermissionProfile {
  if (typeof granted !== "object" || granted === null) return {};
  return intersectProfiles(requested, granted);
}

function approvalEvent(request: ApprovalRequest, turnId: string): EventMsg {
  const reason = request.reason === null ? {} : { reason: request.reason };
  if (request.kind === "patch") {
    return {
      type: "apply_patch_approval_request",
      call_id: request.callId,
      turn_id: turnId,
      changes: request.changes,
      ...reason,
    };
  }
  return {
    type: "exec_approval_request",
    call_id: request.callId,
    turn_id: turnId,
    command: request.command,
    cwd: request.cwd,
    ...reason,
    ...(request.amendment === null
      ? {}
      : { proposed_execpolicy_amendment: request.amendment.prefix }),
    ...(request.additionalPermissions === undefined
      ? {}
      : { additional_permissions: request.additionalPermissions }),
    available_decisions: request.availableDecisions,
    parsed_cmd: request.parsedCommand,
  };
}
