// Takes turns back: the history becomes what a reader of the session file would see.
import { emptyTokenUsage } from "@codex-ts/protocol";
import { readRolloutLines, RolloutError } from "@codex-ts/rollout";
import { Replay } from "./replay.ts";
import type { ThreadResources } from "./thread-resources.ts";
import { estimateHistory } from "./token-estimate.ts";

/**
 * Goes back to the state before the newest `turns` turns. Nothing is cut from the session file: a line
 * says it. Gives what speaks against it, or null when it is done and announced.
 */
export async function rollBack(
  thread: ThreadResources,
  id: string,
  { turns, model }: { readonly turns: number; readonly model: string },
): Promise<string | null> {
  const { recorder, history, journal, instructions } = thread;
  if (turns <= 0) return "the number of turns to roll back must be at least 1";
  if (recorder === null) return "an ephemeral thread keeps no file to roll back from";
  const msg = { type: "thread_rolled_back", num_turns: turns } as const;
  const line = { type: "event_msg", payload: msg } as const;
  try {
    await journal.drained();
    await recorder.flush();
    const replay = new Replay(thread.options.lookUpModel(model).truncation_policy);
    await readRolloutLines(recorder.path, (each) => replay.apply(each));
    await recorder.record([line]);
    await recorder.flush();
    replay.apply(line);
    const state = replay.result();
    history.restore(state, {
      ...emptyTokenUsage,
      total_tokens: estimateHistory(instructions, state.entries),
    });
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    return `the thread could not be rolled back: ${error.message}`;
  }
  const rate_limits = thread.rateLimits.current();
  await journal.announce(id, { type: "token_count", info: history.tokenInfo, rate_limits });
  journal.tell({ id, msg });
  return null;
}
