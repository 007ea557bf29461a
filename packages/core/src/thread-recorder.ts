// The session file of a new thread.
import { readGitInfo } from "@codex-ts/git-utils";
import type { RolloutItem, SessionMeta, ThreadId } from "@codex-ts/protocol";
import {
  createRolloutRecorder,
  type RecorderSettings,
  type RolloutRecorder,
} from "@codex-ts/rollout";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";

export interface NewThreadFile {
  readonly id: ThreadId;
  /** The base instructions. */
  readonly instructions: string;
  readonly settings: RecorderSettings;
  /** The session that it is a fork of, and the lines that it takes over. */
  readonly forkedFrom?: SessionMeta;
  readonly initialItems?: readonly RolloutItem[];
}

/** Null for an ephemeral thread. Nothing is written before the file is materialised. */
export function newThreadRecorder(
  config: ThreadConfig,
  options: ThreadManagerOptions,
  { id, instructions, settings, forkedFrom, initialItems }: NewThreadFile,
): RolloutRecorder | null {
  if (config.ephemeral) return null;
  const { codexHome, originator, version, source, timezone, now } = options;
  return createRolloutRecorder({
    ...settings,
    codexHome,
    meta: {
      id,
      ...(forkedFrom === undefined ? {} : { forked_from_id: forkedFrom.id }),
      timestamp: (now?.() ?? new Date()).toISOString(),
      cwd: config.cwd,
      originator,
      cli_version: version,
      source,
      model_provider: config.modelProviderId,
      base_instructions: { text: instructions },
      ...(forkedFrom?.dynamic_tools === undefined
        ? {}
        : { dynamic_tools: forkedFrom.dynamic_tools }),
    },
    timeZone: timezone,
    gitInfo: () => readGitInfo(config.cwd),
    initialItems,
  });
}
