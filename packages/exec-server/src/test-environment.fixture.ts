// Test support: environments for each kind of confinement, and what a process printed.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { createSandbox, findSystemBwrap, type Sandbox } from "@codex-ts/sandboxing";
import type {
  Confinement,
  Environment,
  EnvironmentProcess,
  StartProcessRequest,
} from "./environment.ts";
import { createLocalEnvironment } from "./local-environment.ts";

const searchPath = process.env["PATH"] ?? "/usr/bin:/bin";

export type Kind = "unconfined" | "bwrap" | "landlock";

function availableKinds(): readonly Kind[] {
  if (process.platform !== "linux") return ["unconfined"];
  if (findSystemBwrap(searchPath, "/") !== null) return ["unconfined", "bwrap", "landlock"];
  const message =
    "bubblewrap is not installed: the sandbox tests need it (apt-get install bubblewrap)";
  if (process.env["CI"] !== undefined) throw new Error(message);
  console.warn(`${message}; they are skipped`);
  return ["unconfined", "landlock"];
}

/** The ways to confine a command that this machine has. */
export const kinds = availableKinds();

export interface TestEnvironment extends AsyncDisposable {
  readonly environment: Environment;
  readonly sandbox: Sandbox;
  /** An empty workspace. */
  readonly cwd: AbsolutePath;
  request(
    argv: readonly [string, ...string[]],
    extra?: Partial<StartProcessRequest>,
  ): StartProcessRequest;
}

/** Confined commands run under workspace-write, in a workspace of their own. */
export function makeEnvironment(
  kind: Kind,
  options: {
    readonly nativeCalls?: boolean;
    /** Where bubblewrap is looked for. */
    readonly searchPath?: string;
  } = {},
): TestEnvironment {
  const base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-exec-`)));
  const cwd = join(base, "ws");
  mkdirSync(cwd);
  const sandbox = createSandbox({
    env: { PATH: options.searchPath ?? (kind === "landlock" ? "/nonexistent" : searchPath) },
    cwd,
    codexHome: join(base, "home"),
    nativeCalls: options.nativeCalls,
  });
  const environment = createLocalEnvironment({ sandbox, nativeCalls: options.nativeCalls });
  const confinement: Confinement =
    kind === "unconfined"
      ? { kind: "unconfined" }
      : {
          kind: "sandboxed",
          context: {
            policy: {
              type: "workspace-write",
              exclude_slash_tmp: true,
              exclude_tmpdir_env_var: true,
            },
            policyCwd: cwd,
          },
        };
  return {
    environment,
    sandbox,
    cwd,
    request: (argv, extra = {}) => ({
      command: { argv, cwd, env: { PATH: searchPath, TERM: "xterm" } },
      confinement,
      ...extra,
    }),
    async [Symbol.asyncDispose]() {
      await environment[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

export interface Collected {
  /** Everything printed so far, both streams in the order of arrival. */
  readonly text: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Waits until `text` matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

const patienceMs = 20_000;

/** Waits until `condition` gives something. */
export async function eventually<T>(condition: () => T | null | false): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; await sleep(5)) {
    const found = condition();
    if (found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${condition.toString()}`);
  }
}

export function collect(running: EnvironmentProcess): Collected {
  const chunks: { readonly stream: string; readonly bytes: Uint8Array }[] = [];
  running.onOutput((chunk) => {
    chunks.push(chunk);
  });
  const textOf = (wanted: (stream: string) => boolean): string =>
    Buffer.concat(chunks.filter(({ stream }) => wanted(stream)).map(({ bytes }) => bytes)).toString(
      "utf8",
    );
  const collected: Collected = {
    get text() {
      return textOf(() => true);
    },
    get stdout() {
      return textOf((stream) => stream === "stdout");
    },
    get stderr() {
      return textOf((stream) => stream === "stderr");
    },
    until: (pattern) => eventually(() => pattern.exec(collected.text)),
  };
  return collected;
}

/** Whether a process of this machine runs; one that only waits to be collected does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== "linux") return true;
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}
