// One confined thread for each policy, kept for the commands that come after.
import { Worker } from "node:worker_threads";
import type {
  LandlockWorkerData,
  LandlockWorkerMessage,
  LandlockWorkerRequest,
} from "./landlock-worker.ts";
import type { NativeSpawnResult } from "./native-spawn.ts";
import type { SpawnNative } from "./launcher.ts";
import { SandboxError } from "./sandbox.ts";

export interface LandlockThreads extends AsyncDisposable {
  /** A way to start processes that are confined as `data` says. */
  spawnerFor(data: LandlockWorkerData): Promise<SpawnNative>;
}

interface Thread extends AsyncDisposable {
  readonly spawn: SpawnNative;
}

/** Grants for single commands make policies of their own: the threads of old ones are ended. */
const maxThreads = 8;

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
  const worker = new Worker(workerFile, {
    name: "codex-ts-landlock",
    workerData: data,
    // It opens and closes descriptors that Node knows nothing of.
    trackUnmanagedFds: false,
  });
  const pending = new Map<number, (result: NativeSpawnResult | SandboxError) => void>();
  const started = Promise.withResolvers<void>();
  let lastId = 0;

  const fail = (error: SandboxError): void => {
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

export function createLandlockThreads(): LandlockThreads {
  const threads = new Map<string, Promise<Thread>>();

  const end = async (key: string): Promise<void> => {
    const starting = threads.get(key);
    threads.delete(key);
    // One that never started has nothing to end.
    const thread = await starting?.catch(() => undefined);
    await thread?.[Symbol.asyncDispose]();
  };

  return {
    async spawnerFor(data) {
      const key = JSON.stringify([data.writable, data.cutNetwork]);
      const known = threads.get(key);
      const starting = known ?? startThread(data);
      threads.delete(key);
      threads.set(key, starting);
      const [oldest] = threads.keys();
      if (threads.size > maxThreads && oldest !== undefined) await end(oldest);
      try {
        return (await starting).spawn;
      } catch (error) {
        threads.delete(key);
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...threads.keys()].map(end));
    },
  };
}
