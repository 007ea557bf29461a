// Runs the command line as a person or a script would: a process of its own, a home of its own.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import type { RolloutLine } from "@codex-ts/protocol";
import {
  type Script,
  type ScriptedModel,
  type ScriptedModelOptions,
  startScriptedModel,
} from "@codex-ts/scripted-model";
import {
  temporaryDirectory,
  type TemporaryDirectory,
  temporaryGitRepository,
} from "@codex-ts/test-support";
import type { JsonEvent } from "../exec/json-events.ts";
import { type BuiltCli, builtCli } from "./built-cli.ts";

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
  /** Written to standard input, which is then closed; empty by default. "open" leaves it open. */
  readonly stdin?: string | Uint8Array | { readonly kind: "open" };
}

/** A home, a repository and a scripted model that belong together. */
export interface CliWorld extends AsyncDisposable {
  readonly home: string;
  readonly repository: string;
  readonly model: ScriptedModel;
  readonly cli: BuiltCli;
  /** The environment that runs get unless they say otherwise. */
  readonly env: Readonly<Record<string, string | undefined>>;
  start(args: readonly string[], options?: CliOptions): RunningCli;
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  /** Paths of the session files, oldest first. */
  sessionFiles(): Promise<readonly string[]>;
  sessionLines(): Promise<readonly RolloutLine[]>;
}

export interface CliWorldOptions {
  readonly script: Script;
  /** More about the model's server. */
  readonly server?: Omit<ScriptedModelOptions, "script">;
  /** More lines for `config.toml`, in front of the provider's table. */
  readonly config?: string;
  /** More lines for the provider's table. */
  readonly provider?: string;
  /** Lines behind the provider's table, such as profiles. */
  readonly tables?: string;
  readonly files?: Readonly<Record<string, string>>;
}

export async function cliWorld(options: CliWorldOptions): Promise<CliWorld> {
  const stack = new AsyncDisposableStack();
  const root: TemporaryDirectory = stack.use(await temporaryDirectory());
  const repository = stack.use(
    await temporaryGitRepository({ files: options.files ?? { "a.txt": "a\n" } }),
  );
  const cli = await builtCli();
  const model = stack.use(await startScriptedModel({ script: options.script, ...options.server }));
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
${options.tables ?? ""}
`,
  );

  const env = {
    PATH: process.env["PATH"],
    HOME: root.path,
    CODEX_HOME: home,
    CODEX_TS_NODE: process.execPath,
  };
  const start = (args: readonly string[], run: CliOptions = {}): RunningCli => {
    const child = spawn(process.execPath, [cli.entry, ...args], {
      cwd: run.cwd ?? repository.path,
      env: { ...env, ...run.env },
    });
    stack.defer(() => void child.kill("SIGKILL"));
    child.stdin.on("error", () => {});
    const { stdin = "" } = run;
    if (typeof stdin === "string" || stdin instanceof Uint8Array) child.stdin.end(stdin);
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
    cli,
    env,
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
