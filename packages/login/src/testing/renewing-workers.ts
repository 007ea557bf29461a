// Processes that use and renew the login of one home, and the processes that they start for it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir, readlink } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type TemporaryHome, waitFor } from "@codex-ts/test-support";

const program = fileURLToPath(new URL("renewing-process.ts", import.meta.url));

export interface WorkerOptions {
  /** Where tokens are renewed. */
  readonly url: string;
  /**
   * `stale`: sees nothing of the file but what renewing looks at. `here`: renews in its own process.
   * `endless`: renews again and again until it is killed, and prints nothing but failures.
   */
  readonly mode?: "stale" | "here" | "endless" | undefined;
  readonly nodeFlags?: readonly string[] | undefined;
}

export interface Worker {
  readonly pid: number;
  /** Does one thing and gives the access token that it has then, or why it failed. */
  run(what: "auth" | "renew"): Promise<string>;
  /** All that it has printed without being asked. */
  readonly failures: readonly string[];
  /** Resolves when the worker has ended. */
  signal(name: NodeJS.Signals, to?: "process" | "group"): Promise<void>;
}

export interface Workers extends AsyncDisposable {
  start(options: WorkerOptions): Promise<Worker>;
  /** The processes that renew the login of this home now; always none where there is no `/proc`. */
  renewals(): Promise<readonly number[]>;
}

/** Kills its workers when it is disposed, and then waits for the renewals that they have left behind. */
export function renewingWorkers(home: TemporaryHome): Workers {
  const running = new Set<Worker>();

  async function renewals(): Promise<readonly number[]> {
    const entries = await readdir("/proc").catch(() => []);
    const pids = entries.filter((entry) => /^\d+$/.test(entry));
    const found = await Promise.all(
      pids.map(async (pid) => {
        const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
        if (folder !== home.path) return [];
        const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        return command.includes("renewal-process") ? [Number(pid)] : [];
      }),
    );
    return found.flat();
  }

  async function start({ url, mode, nodeFlags = [] }: WorkerOptions): Promise<Worker> {
    const flags = ["--conditions=@codex-ts/source", ...nodeFlags];
    const child: ChildProcess = spawn(
      process.execPath,
      [...flags, program, home.codexHome, url, mode ?? ""],
      {
        // By its folder, a renewal is known as one of this home.
        cwd: home.path,
        // Else each of them would compile all sources anew.
        env: { ...process.env, NODE_COMPILE_CACHE: home.join("compile-cache") },
        detached: true,
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    const ended = once(child, "exit");
    const { stdout, stdin, pid } = child;
    if (stdout === null || stdin === null || pid === undefined) throw new Error("no process");
    stdin.on("error", () => {});
    const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    const failures: string[] = [];
    const worker: Worker = {
      pid,
      failures,
      async run(what) {
        stdin.write(`${what}\n`);
        return String((await lines.next()).value);
      },
      async signal(name, to = "process") {
        running.delete(worker);
        process.kill(to === "group" ? -pid : pid, name);
        await ended;
      },
    };
    running.add(worker);
    const first = (await lines.next()).value;
    if (first !== "ready") throw new Error(`a worker has not started: ${first}`);
    if (mode === "endless") {
      void (async () => {
        for await (const line of { [Symbol.asyncIterator]: () => lines }) failures.push(line);
      })();
    }
    return worker;
  }

  return {
    start,
    renewals,
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map(async (worker) => await worker.signal("SIGKILL")));
      await waitFor(async () => (await renewals()).length === 0, {
        timeoutMs: 60_000,
        describe: "the renewals that are left behind have ended",
      });
    },
  };
}
