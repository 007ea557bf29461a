// One confined thread for each policy, kept for the commands that come after.
import { statSync } from "node:fs";
import type {
  LandlockWorkerData,
  LandlockWorkerMessage,
  LandlockWorkerRequest,
} from "./landlock-worker.ts";
import type { NativeSpawnResult } from "./native-spawn.ts";
import type { SpawnNative } from "./launcher.ts";
import { SandboxError } from "./sandbox.ts";

export interface LandlockThreads extends AsyncDisposable {
  /**
   * A way to start processes that are confined as `data` says. Calls of it reject with a SandboxError
   * `setup_failed` when the thread cannot confine itself.
   */
  spawnerFor(data: LandlockWorkerData): SpawnNative;
}

interface Thread extends AsyncDisposable {
  readonly spawn: SpawnNative;
}

/** Grants for single commands make policies of their own: the threads of old ones are ended. */
const maxThreads = 4;

const thisFile = import.meta.url;
const workerFile = new URL(
  thisFile.endsWith(".ts") ? "./landlock-worker.ts" : "./landlock-worker.js",
  thisFile,
);

function setupError(message: string): SandboxError {
  return new SandboxError("setup_failed", `the Landlock sandbox could not start: ${message}`);
}

/** Resolves once the thread has confined itself. */
async function startThread(data: LandlockWorkerData): Promise<Thread> {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const worker = new Worker(workerFile, {
    name: "codex-ts-landlock",
    workerData: data,
    // It opens and closes descriptors that Node knows nothing of.
    trackUnmanagedFds: false,
  });
  const pending = new Map<number, (result: NativeSpawnResult | SandboxError) => void>();
  const started = Promise.withResolvers<void>();
  let lastId = 0;
  let ended: SandboxError | null = null;

  const fail = (error: SandboxError): void => {
    ended ??= error;
    started.reject(error);
    for (const settle of pending.values()) settle(error);
    pending.clear();
  };
  worker.on("message", (message: LandlockWorkerMessage) => {
    if (message.kind === "ready") {
      started.resolve();
    } else if (message.kind === "failed") {
      fail(setupError(message.message));
    } else {
      pending.get(message.id)?.(message.result);
      pending.delete(message.id);
    }
    if (pending.size === 0) worker.unref();
  });
  worker.on("error", (error) => fail(setupError(String(error))));
  worker.on("exit", () => fail(setupError("its thread has ended")));

  try {
    await started.promise;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    spawn: (request) =>
      new Promise((resolve, reject) => {
        if (ended !== null) {
          reject(ended);
          return;
        }
        lastId += 1;
        pending.set(lastId, (result) => {
          if (result instanceof SandboxError) reject(result);
          else resolve(result);
        });
        worker.ref();
        const message: LandlockWorkerRequest = { ...request, id: lastId };
        worker.postMessage(message, /*transferList*/ []);
      }),
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

/** A folder that was removed and made again is another one to the kernel. */
function identityOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return [path, stat?.dev, stat?.ino, stat?.birthtimeMs].join(" ");
}

interface Entry {
  readonly starting: Promise<Thread>;
  /** Calls that wait for this thread. */
  users: number;
}

export function createLandlockThreads(): LandlockThreads {
  /** The one that was used last stands last. */
  const entries = new Map<string, Entry>();

  const end = async (key: string, entry: Entry): Promise<void> => {
    entries.delete(key);
    // One that never started has nothing to end.
    const thread = await entry.starting.catch(() => undefined);
    await thread?.[Symbol.asyncDispose]();
  };
  const endUnused = async (): Promise<void> => {
    const unused = [...entries].filter(([, entry]) => entry.users === 0);
    const excess = unused.slice(0, Math.max(0, entries.size - maxThreads));
    await Promise.all(excess.map(([key, entry]) => end(key, entry)));
  };

  return {
    spawnerFor(data) {
      const key = JSON.stringify([data.writable.map(identityOf), data.cutNetwork]);
      return async (request) => {
        const entry = entries.get(key) ?? { starting: startThread(data), users: 0 };
        entries.delete(key);
        entries.set(key, entry);
        entry.users += 1;
        try {
          const thread = await entry.starting;
          return await thread.spawn(request);
        } catch (error) {
          if (entries.get(key) === entry) entries.delete(key);
          throw error;
        } finally {
          entry.users -= 1;
          await endUnused();
        }
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...entries].map(([key, entry]) => end(key, entry)));
    },
  };
}
