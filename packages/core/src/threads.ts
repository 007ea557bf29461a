// The threads of one manager, once there is one: it is loaded with the first.
import { type AbsolutePath } from "@codex-ts/absolute-path";
import {
  newThreadId,
  parseThreadId,
  type RolloutItem,
  type SessionMeta,
  type ThreadId,
} from "@codex-ts/protocol";
import {
  appendThreadName,
  archiveThread,
  findThreadByName,
  findThreadPath,
  listThreads,
  type ListThreadsOptions,
  readRolloutLines,
  type RecorderSettings,
  resumeRolloutRecorder,
  RolloutError,
  type RolloutRecorder,
  type ThreadPage,
  unarchiveThread,
} from "@codex-ts/rollout";
import { forkedLines } from "./fork.ts";
import { emptyHistory, type HistoryState } from "./history.ts";
import { InitialMessages } from "./initial-messages.ts";
import { combineInstructions, readProjectDocs } from "./project-docs.ts";
import { nestedAgentsMd } from "./prompts/nested-agents-md.ts";
import { Replay } from "./replay.ts";
import { Session } from "./session.ts";
import { sessionConfigured } from "./session-configured.ts";
import { CoreError, type StartedThread, type Thread } from "./thread.ts";
import type { ThreadConfig, ThreadManagerOptions } from "./thread-config.ts";
import type { ForkOptions, SessionReference } from "./thread-manager.ts";
import { newThreadRecorder } from "./thread-recorder.ts";

/** What a session begins with. */
interface Beginning {
  readonly id: ThreadId;
  readonly recorder: RolloutRecorder | null;
  readonly settings: RecorderSettingsSlot;
  readonly instructions: string;
  readonly history: HistoryState;
  readonly isResumed: boolean;
  readonly forkedFrom?: string;
  /** What is told of earlier turns; null for a new thread. */
  readonly past: InitialMessages | null;
  readonly warnings: readonly string[];
}

interface RecorderSettingsSlot extends RecorderSettings {
  report: ((message: string) => void) | null;
}

export class Threads implements AsyncDisposable {
  readonly #options: ThreadManagerOptions;
  readonly #threads = new Map<ThreadId, Session>();

  constructor(options: ThreadManagerOptions) {
    this.#options = options;
  }

  async startThread(config: ThreadConfig): Promise<StartedThread> {
    const id = newThreadId(this.#now(config).getTime());
    const instructions = this.#instructions(config, /*meta*/ null);
    const settings = this.#recorderSettings(config);
    return this.#open(config, {
      id,
      recorder: newThreadRecorder(config, this.#host(config), { id, instructions, settings }),
      settings,
      instructions,
      history: emptyHistory,
      isResumed: false,
      past: null,
      warnings: [],
    });
  }

  async resumeThread(config: ThreadConfig, session: SessionReference): Promise<StartedThread> {
    const path = await this.#pathOf(config, session);
    const running = this.#runningOn(path);
    if (running !== undefined) await this.#shutDown(running.id);
    // A long session is never in memory as a whole: each line goes where it belongs and is forgotten.
    const past = this.#past(config);
    const { id, meta } = await readSession(path, (line) => past.take(line));
    const settings = this.#recorderSettings(config);
    const history = past.history();
    return this.#open(config, {
      id,
      recorder: config.ephemeral ? null : await openForAppending(path, settings),
      settings,
      instructions: this.#instructions(config, meta),
      history,
      isResumed: true,
      past: past.messages,
      warnings: modelWarning(config, history),
    });
  }

  async forkThread(
    config: ThreadConfig,
    session: SessionReference,
    { snapshot = "committed", beforeUserMessage }: ForkOptions = {},
  ): Promise<StartedThread> {
    const path = await this.#pathOf(config, session);
    await this.#runningOn(path)?.flush();
    const items: RolloutItem[] = [];
    const { meta } = await readSession(path, (line) => void items.push(line));
    const lines = forkedLines(items, snapshot, beforeUserMessage);
    if (!lines.some((line) => line.type !== "session_meta")) return this.startThread(config);

    const id = newThreadId(this.#now(config).getTime());
    const instructions = this.#instructions(config, meta);
    const settings = this.#recorderSettings(config);
    const recorder = newThreadRecorder(config, this.#host(config), {
      id,
      instructions,
      settings,
      forkedFrom: meta,
      initialItems: lines,
    });
    await recorder?.materialise();
    const past = this.#past(config);
    for (const line of lines) past.take(line);
    return this.#open(config, {
      id,
      recorder,
      settings,
      instructions,
      history: past.history(),
      isResumed: false,
      forkedFrom: meta.id,
      past: past.messages,
      warnings: [],
    });
  }

  findThread(id: ThreadId): Thread | undefined {
    return this.#threads.get(id);
  }

  listThreadIds(): readonly ThreadId[] {
    return [...this.#threads.keys()];
  }

  removeThread(id: ThreadId): boolean {
    return this.#threads.delete(id);
  }

  listThreads(options: Omit<ListThreadsOptions, "codexHome"> = {}): Promise<ThreadPage> {
    return listThreads({ codexHome: this.#options.codexHome, ...options });
  }

  async nameThread(id: ThreadId, name: string): Promise<void> {
    const running = this.#threads.get(id);
    if (running === undefined) {
      await appendThreadName(this.#options.codexHome, id, name, this.#options.now);
    } else await running.submit({ type: "set_thread_name", name });
  }

  async archiveThread(id: ThreadId): Promise<AbsolutePath> {
    await this.#shutDown(id);
    return archiveThread(this.#options.codexHome, await this.#pathOf(/*config*/ null, { id }));
  }

  async unarchiveThread(id: ThreadId): Promise<AbsolutePath> {
    const { codexHome, now } = this.#options;
    const path = await findThreadPath(codexHome, id, { archived: true });
    if (path === null) {
      throw new CoreError("session_not_found", `no archived session has the id ${id}`);
    }
    return unarchiveThread(codexHome, path, now);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const threads = [...this.#threads.values()];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.shutdown()));
  }

  #runningOn(path: AbsolutePath): Session | undefined {
    return [...this.#threads.values()].find(({ rolloutPath }) => rolloutPath === path);
  }

  async #shutDown(id: ThreadId): Promise<void> {
    const running = this.#threads.get(id);
    this.#threads.delete(id);
    await running?.shutdown();
  }

  /** What a thread reaches the outside with: its own means where it has some, else the manager's. */
  #host(config: ThreadConfig | null): ThreadManagerOptions {
    return config?.host === undefined ? this.#options : { ...this.#options, ...config.host };
  }

  #now(config: ThreadConfig): Date {
    return this.#host(config).now?.() ?? new Date();
  }

  async #pathOf(config: ThreadConfig | null, session: SessionReference): Promise<AbsolutePath> {
    if (typeof session === "string") return session;
    const { codexHome } = this.#host(config);
    const path =
      "id" in session
        ? await findThreadPath(codexHome, session.id)
        : await findThreadByName(codexHome, session.name, session.cwd);
    if (path !== null) return path;
    throw new CoreError(
      "session_not_found",
      "id" in session
        ? `no session below ${codexHome} has the id ${session.id}`
        : `no session below ${codexHome} has the name ${JSON.stringify(session.name)}`,
    );
  }

  /** What a recorder needs; its warnings are announced by the session that comes to own it. */
  #recorderSettings(config: ThreadConfig): RecorderSettingsSlot {
    const slot: RecorderSettingsSlot = {
      now: this.#host(config).now,
      report: null,
      onWarning: (message) => slot.report?.(message),
    };
    return slot;
  }

  #instructions(config: ThreadConfig, meta: SessionMeta | null): string {
    return (
      config.baseInstructions ??
      meta?.base_instructions?.text ??
      this.#host(config).lookUpModel(config.model).base_instructions
    );
  }

  /** Takes in the lines of a session one after another. */
  #past(config: ThreadConfig): {
    readonly take: (line: RolloutItem) => void;
    readonly history: () => HistoryState;
    readonly messages: InitialMessages;
  } {
    const replay = new Replay(this.#host(config).lookUpModel(config.model).truncation_policy);
    const messages = new InitialMessages();
    return {
      take(line) {
        replay.apply(line);
        messages.take(line);
      },
      history: () => replay.result(),
      messages,
    };
  }

  async #open(config: ThreadConfig, beginning: Beginning): Promise<StartedThread> {
    const { id, recorder, settings, instructions, history, isResumed } = beginning;
    const options = this.#host(config);
    const docs = await instructionsOf(config);
    const session = new Session({
      id,
      config,
      options,
      recorder,
      history,
      instructions,
      isResumed,
      instructionsFor: docs.inFolder,
    });
    settings.report = (message) => void session.announce({ type: "warning", message });
    this.#threads.set(id, session);
    const configured = await sessionConfigured(session, config, options, beginning);
    await session.announce(configured);
    for (const notice of config.deprecationNotices) {
      await session.announce({ type: "deprecation_notice", ...notice });
    }
    for (const message of [...config.startupWarnings, ...docs.warnings, ...beginning.warnings]) {
      await session.announce({ type: "warning", message });
    }
    session.prewarm();
    return { thread: session, configured };
  }
}

/** The instructions at the start, and the way to those of another folder. */
async function instructionsOf(config: ThreadConfig): Promise<{
  readonly warnings: readonly string[];
  readonly inFolder: (cwd: AbsolutePath) => Promise<string | null>;
}> {
  const notes = config.features.enabled("child_agents_md") ? [nestedAgentsMd] : [];
  const read = async (
    cwd: AbsolutePath,
  ): Promise<{ readonly text: string | null; readonly warnings: readonly string[] }> => {
    const { text, warnings } = await readProjectDocs(cwd, config.projectDocs);
    return { text: combineInstructions(config.userInstructions ?? null, text, notes), warnings };
  };
  let latest = { cwd: config.cwd, docs: await read(config.cwd) };
  return {
    warnings: latest.docs.warnings,
    async inFolder(cwd) {
      if (cwd !== latest.cwd) latest = { cwd, docs: await read(cwd) };
      return latest.docs.text;
    },
  };
}

async function readSession(
  path: AbsolutePath,
  take: (line: RolloutItem) => void,
): Promise<{ readonly id: ThreadId; readonly meta: SessionMeta }> {
  try {
    const { meta } = await readRolloutLines(path, take);
    const id = parseThreadId(meta.id);
    if (id !== null) return { id, meta };
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    throw new CoreError("rollout_unreadable", error.message, { cause: error });
  }
  throw new CoreError("rollout_unreadable", `${path} has a session id that is not a UUID`);
}

async function openForAppending(
  path: AbsolutePath,
  settings: RecorderSettings,
): Promise<RolloutRecorder> {
  try {
    return await resumeRolloutRecorder(path, settings);
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    throw new CoreError("session_init_failed", `${error.message}; ${wayOut(error.cause, path)}`, {
      cause: error,
    });
  }
}

/** What a person may do about a session file that cannot be written. */
function wayOut(cause: unknown, path: AbsolutePath): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "make the file yours to write, fork the session, or go on without keeping what is said";
    case "EROFS":
      return "it is on a file system that cannot be written: fork the session into another home";
    case "EISDIR":
    case "ENOTDIR":
      return `move away what stands in the way of ${path}`;
    case "ENOENT":
      return "somebody moved or removed it meanwhile";
    default:
      return "fork the session to go on in another file";
  }
}

function modelWarning(config: ThreadConfig, history: HistoryState): readonly string[] {
  const recorded = history.previousTurn?.model;
  if (recorded === undefined || recorded === config.model) return [];
  return [
    `This session was recorded with the model \`${recorded}\` and goes on with \`${config.model}\`; the change may make the work worse.`,
  ];
}
