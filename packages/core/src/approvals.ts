// Questions to the person that a running turn waits for.
import type { EventMsg, ReviewDecision } from "@codex-ts/protocol";
import type { ApprovalRequest } from "@codex-ts/tools";

/** The approvals of one session; answers are matched by call id. */
export class PendingApprovals {
  readonly #waiting = new Map<string, (decision: ReviewDecision) => void>();

  /** Announces a question through `announce` and waits for its answer; an abort answers `abort`. */
  async ask(
    request: ApprovalRequest,
    turnId: string,
    announce: (msg: EventMsg) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ReviewDecision> {
    if (signal.aborted) return "abort";
    const { promise, resolve } = Promise.withResolvers<ReviewDecision>();
    const onAbort = (): void => resolve("abort");
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.set(request.callId, resolve);
    try {
      await announce(approvalEvent(request, turnId));
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#waiting.delete(request.callId);
    }
  }

  /** Hands an answer to its question; false when nobody waits for it. */
  answer(callId: string, decision: ReviewDecision): boolean {
    const resolve = this.#waiting.get(callId);
    resolve?.(decision);
    return resolve !== undefined;
  }
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
    ...(request.additionalPermissions === undefined
      ? {}
      : { additional_permissions: request.additionalPermissions }),
    available_decisions: request.availableDecisions,
    parsed_cmd: request.parsedCommand,
  };
}
