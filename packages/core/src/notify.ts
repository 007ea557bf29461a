// The program that a person wants to be told of finished turns.
import { legacyHookPayload, startNotify } from "@codex-ts/hooks";
import type { ThreadResources } from "./thread-resources.ts";
import type { TurnContext } from "./turn-context.ts";
import type { TurnOutcome } from "./turn.ts";

/** Starts the program, where there is one and the model had the last word, and does not wait for it. */
export function notifyOfTurn(
  { id, config, options, journal }: ThreadResources,
  turn: TurnContext,
  said: readonly string[],
  outcome: TurnOutcome,
): void {
  if (config.notify === undefined) return;
  if (outcome.kind !== "completed" || outcome.stoppedByHook) return;
  const payload = legacyHookPayload({
    sessionId: id,
    cwd: turn.settings.cwd,
    client: options.originator,
    triggeredAt: options.now?.() ?? new Date(),
    event: {
      event_type: "after_agent",
      thread_id: id,
      turn_id: turn.turnId,
      input_messages: said,
      last_assistant_message: outcome.lastAgentMessage,
    },
  });
  startNotify(config.notify, payload, {
    env: { ...options.env },
    onError: ({ message }) =>
      void journal.announce(turn.turnId, {
        type: "warning",
        message: `the notify program could not be started: ${message}`,
      }),
  });
}
