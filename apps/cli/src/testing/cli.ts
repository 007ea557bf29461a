// Runs the command line as a person or a script would: a process of its own, a home of its own.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import type { RolloutLine } from "@codex-ts/protocol";
import { type Script, type ScriptedModel, startScriptedModel } from "@codex-ts/scripted-model";
import {
  temporaryDirectory,
  type TemporaryDirectory,
  temporaryGitRepository,
} from "@codex-ts/test-support";
import type { JsonEvent } from "../exec/json-events.ts";

const entry = nodePath.resolve(import.meta.dirname, "../codex-ts.ts");

/** The arguments of `node` that run the command line from its sources. */
export const sourceCommand: readonly string[] = ["--conditions=@codex-ts/source", entry];

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The parsed lines of stdout, for a run with `--json`. */
  readonly events: () => readonly JsonEvent[];
}

export interface RunningCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly done: Promise<CliResult>;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to standard input, which is then closed; empty by default. */
  readonly stdin?: string | Uint8Array;
}

/** A home, a repository and a scripted model that belong together. */
export interface CliWorld extends AsyncDisposable {
  readonly home: string;
  readonly repository: string;
  readonly model: ScriptedModel;
  start(args: readonly string[], options?: CliOptions): RunningCli;
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  /** Paths of the session files, oldest first. */
  sessionFiles(): Promise<readonly string[]>;
  sessionLines(): Promise<readonly RolloutLine[]>;
}

export interface CliWorldOptions {
  readonly script: Script;
  /** More lines for `config.toml`, in front of the provider's table. */
  readonly config?: string;
  /** More lines for the provider's table. */
  readonly provider?: string;
  readonly files?: Readonly<Record<string, string>>;
}

export async function cliWorld(options: CliWorldOptions): Promise<CliWorld> {
  const stack = new AsyncDisposableStack();
  const root: TemporaryDirectory = stack.use(await temporaryDirectory());
  const repository = stack.use(
    await temporaryGitRepository({ files: options.files ?? { "a.txt": "a\n" } }),
  );
  const model = stack.use(await startScriptedModel({ script: options.script }));
  const home = nodePath.join(root.path, "home");
  await mkdir(home);
  await writeFile(
    nodePath.join(home, "config.toml"),
    `model = "gpt-5.2-codex"
model_provider = "test"
${options.config ?? ""}
[model_providers.test]
name = "Test"
base_url = "${model.url}"
request_max_retries = 0
stream_max_retries = 0
${options.provider ?? ""}
`,
  );

  const start = (args: readonly string[], run: CliOptions = {}): RunningCli => {
    const child = spawn(process.execPath, [...sourceCommand, ...args], {
      cwd: run.cwd ?? repository.path,
      env: {
        PATH: process.env["PATH"],
        HOME: root.path,
        CODEX_HOME: home,
        NODE_DISABLE_COMPILE_CACHE: "1",
        ...run.env,
      },
    });
    child.stdin.on("error", () => {});
    child.stdin.end(run.stdin ?? "");
    return { child, done: finished(child) };
  };
  const sessionFiles = async (): Promise<readonly string[]> => {
    const names = await readdir(nodePath.join(home, "sessions"), { recursive: true }).catch(
      () => [],
    );
    return names
      .filter((name) => name.endsWith(".jsonl"))
      .sort()
      .map((name) => nodePath.join(home, "sessions", name));
  };
  return {
    home,
    repository: repository.path,
    model,
    start,
    run: (args, run) => start(args, run).done,
    sessionFiles,
    async sessionLines() {
      const [file] = await sessionFiles();
      if (file === undefined) return [];
      const text = await readFile(file, "utf8");
      return text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as RolloutLine);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function finished(child: ChildProcessWithoutNullStreams): Promise<CliResult> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  const stdout = Buffer.concat(out).toString();
  return {
    code,
    signal,
    stdout,
    stderr: Buffer.concat(err).toString(),
    events: () =>
      stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as JsonEvent),
  };
}
