// The first event of a thread.
import type { EventOf } from "@codex-ts/protocol";
import { findThreadName, promptHistoryFacts } from "@codex-ts/rollout";
import type { InitialMessages } from "./initial-messages.ts";
import type { Thread } from "./thread.ts";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";

export async function sessionConfigured(
  thread: Pick<Thread, "id" | "rolloutPath">,
  config: ThreadConfig,
  options: ThreadManagerOptions,
  {
    forkedFrom,
    past,
  }: {
    readonly forkedFrom?: string;
    /** What is told of earlier turns; null for a new thread. */
    readonly past: InitialMessages | null;
  },
): Promise<EventOf<"session_configured">> {
  const { id, rolloutPath } = thread;
  const [name, messages, prompts] = await Promise.all([
    past === null ? null : findThreadName(options.codexHome, id),
    past?.messages(id) ?? null,
    promptFacts(options),
  ]);
  return {
    type: "session_configured",
    session_id: id,
    ...(forkedFrom === undefined ? {} : { forked_from_id: forkedFrom }),
    ...(name === null ? {} : { thread_name: name }),
    model: config.model,
    model_provider_id: config.modelProviderId,
    ...(config.serviceTier === undefined ? {} : { service_tier: config.serviceTier }),
    approval_policy: config.approvalPolicy,
    approvals_reviewer: config.approvalsReviewer,
    sandbox_policy: config.sandboxPolicy,
    cwd: config.cwd,
    ...(config.effort === undefined ? {} : { reasoning_effort: config.effort }),
    history_log_id: prompts.logId,
    history_entry_count: prompts.entryCount,
    ...(messages === null ? {} : { initial_messages: messages }),
    ...(rolloutPath === null ? {} : { rollout_path: rolloutPath }),
  };
}

/** Nobody types into an agent that another one started. Prompts that cannot be read are none. */
async function promptFacts({
  codexHome,
  source,
}: ThreadManagerOptions): ReturnType<typeof promptHistoryFacts> {
  const none = { logId: 0, entryCount: 0 };
  if (typeof source === "object" && "subagent" in source) return none;
  return promptHistoryFacts(codexHome).catch(() => none);
}
