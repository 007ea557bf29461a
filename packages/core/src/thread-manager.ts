// Starts, resumes and ends threads.
import { type AbsolutePath } from "@codex-ts/absolute-path";
import { readGitInfo } from "@codex-ts/git-utils";
import {
  type EventMsg,
  type EventOf,
  newThreadId,
  parseThreadId,
  type RolloutItem,
  type SessionMeta,
  type ThreadId,
} from "@codex-ts/protocol";
import {
  createRolloutRecorder,
  readRollout,
  type RecorderSettings,
  resumeRolloutRecorder,
  RolloutError,
  type RolloutRecorder,
} from "@codex-ts/rollout";
import { emptyHistory, type HistoryState } from "./history.ts";
import { initialMessages } from "./initial-messages.ts";
import { combineInstructions, readProjectDocs } from "./project-docs.ts";
import { replay } from "./replay.ts";
import { Session } from "./session.ts";
import { CoreError, type StartedThread, type Thread } from "./thread.ts";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";

interface RecorderSettingsSlot extends RecorderSettings {
  report: ((message: string) => void) | null;
}

/** The threads of one program. Managers are independent of each other: nothing is global. */
export class ThreadManager implements AsyncDisposable {
  readonly #options: ThreadManagerOptions;
  readonly #threads = new Map<ThreadId, Session>();

  constructor(options: ThreadManagerOptions) {
    this.#options = options;
  }

  /** Starts a new thread. Its session file appears with the first user message. */
  async startThread(config: ThreadConfig): Promise<StartedThread> {
    const now = this.#options.now?.() ?? new Date();
    const id = newThreadId(now.getTime());
    const instructions = this.#instructions(config, null);
    const meta: SessionMeta = {
      id,
      timestamp: now.toISOString(),
      cwd: config.cwd,
      originator: this.#options.originator,
      cli_version: this.#options.version,
      source: this.#options.source,
      model_provider: config.modelProviderId,
      base_instructions: { text: instructions },
    };
    const settings = this.#recorderSettings();
    const recorder = config.ephemeral
      ? null
      : createRolloutRecorder({
          ...settings,
          codexHome: this.#options.codexHome,
          meta,
          timeZone: this.#options.timezone,
          gitInfo: () => readGitInfo(config.cwd),
        });
    return this.#open({
      id,
      config,
      recorder,
      settings,
      instructions,
      history: emptyHistory,
      lines: null,
    });
  }

  /**
   * Goes on with a session file; new lines are appended to it.
   *
   * @throws CoreError `rollout_unreadable`
   */
  async resumeThread(config: ThreadConfig, path: AbsolutePath): Promise<StartedThread> {
    const { meta, items } = await readSession(path);
    const id = parseThreadId(meta.id);
    if (id === null) {
      throw new CoreError("rollout_unreadable", `${path} has a session id that is not a UUID`);
    }
    const model = this.#options.lookUpModel(config.model);
    const settings = this.#recorderSettings();
    const recorder = config.ephemeral ? null : await resumeRolloutRecorder(path, settings);
    return this.#open({
      id,
      config,
      recorder,
      settings,
      instructions: this.#instructions(config, meta),
      history: replay(items, model.truncation_policy),
      lines: items,
    });
  }

  /** @throws CoreError `thread_not_found` */
  getThread(id: ThreadId): Thread {
    const thread = this.#threads.get(id);
    if (thread === undefined) {
      throw new CoreError("thread_not_found", `there is no running thread ${id}`);
    }
    return thread;
  }

  listThreadIds(): readonly ThreadId[] {
    return [...this.#threads.keys()];
  }

  /** Forgets a thread without shutting it down. */
  removeThread(id: ThreadId): boolean {
    return this.#threads.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const threads = [...this.#threads.values()];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.shutdown()));
  }

  /** What a recorder needs; its warnings are announced by the session that comes to own it. */
  #recorderSettings(): RecorderSettingsSlot {
    const slot: RecorderSettingsSlot = {
      now: this.#options.now,
      report: null,
      onWarning: (message) => slot.report?.(message),
    };
    return slot;
  }

  #instructions(config: ThreadConfig, meta: SessionMeta | null): string {
    return (
      config.baseInstructions ??
      meta?.base_instructions?.text ??
      this.#options.lookUpModel(config.model).base_instructions
    );
  }

  async #open(parts: {
    readonly id: ThreadId;
    readonly config: ThreadConfig;
    readonly recorder: RolloutRecorder | null;
    readonly settings: RecorderSettingsSlot;
    readonly instructions: string;
    readonly history: HistoryState;
    /** The lines of the resumed session; null for a new one. */
    readonly lines: readonly RolloutItem[] | null;
  }): Promise<StartedThread> {
    const { id, config, history, lines } = parts;
    const docs = await readProjectDocs(config.cwd, config.projectDocs);
    const session = new Session({
      id,
      config,
      options: this.#options,
      recorder: parts.recorder,
      history,
      instructions: parts.instructions,
      isResumed: lines !== null,
      userInstructions: combineInstructions(config.userInstructions ?? null, docs.text),
    });
    parts.settings.report = (message) => void session.announce({ type: "warning", message });
    this.#threads.set(id, session);
    const past = lines === null ? null : await initialMessages(lines, id);
    const configured = sessionConfigured(session, config, past);
    await session.announce(configured);
    for (const notice of config.deprecationNotices) {
      await session.announce({ type: "deprecation_notice", ...notice });
    }
    const warnings = [
      ...config.startupWarnings,
      ...docs.warnings,
      ...modelWarning(config, history),
    ];
    for (const message of warnings) await session.announce({ type: "warning", message });
    return { thread: session, configured };
  }
}

async function readSession(
  path: AbsolutePath,
): Promise<{ readonly meta: SessionMeta; readonly items: readonly RolloutItem[] }> {
  try {
    return await readRollout(path);
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    throw new CoreError("rollout_unreadable", error.message, { cause: error });
  }
}

function modelWarning(config: ThreadConfig, history: HistoryState): readonly string[] {
  const recorded = history.previousTurn?.model;
  if (recorded === undefined || recorded === config.model) return [];
  return [
    `This session was recorded with the model \`${recorded}\` and goes on with \`${config.model}\`; the change may make the work worse.`,
  ];
}

function sessionConfigured(
  session: Session,
  config: ThreadConfig,
  past: readonly EventMsg[] | null,
): EventOf<"session_configured"> {
  return {
    type: "session_configured",
    session_id: session.id,
    model: config.model,
    model_provider_id: config.modelProviderId,
    ...(config.serviceTier === undefined ? {} : { service_tier: config.serviceTier }),
    approval_policy: config.approvalPolicy,
    approvals_reviewer: config.approvalsReviewer,
    sandbox_policy: config.sandboxPolicy,
    cwd: config.cwd,
    ...(config.effort === undefined ? {} : { reasoning_effort: config.effort }),
    history_log_id: 0,
    history_entry_count: 0,
    ...(past === null ? {} : { initial_messages: past }),
    ...(session.rolloutPath === null ? {} : { rollout_path: session.rolloutPath }),
  };
}
