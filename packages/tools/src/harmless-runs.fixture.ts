// Runs command lines that are judged to be harmless, confined with everything denied, and bare in a
// namespace that is thrown away, and says what either left behind.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { isKnownSafeCommand, lookingEnvironment } from "@codex-ts/shell-command";
import { temporaryDirectory } from "@codex-ts/test-support";
import { PORT } from "./command-lines.fixture.ts";
import { localTestEnvironment } from "./tool-context.fixture.ts";

export interface HarmlessRun {
  readonly script: string;
  readonly code: number | string;
  readonly stdout: string;
  /** Undefined of a pipeline, whose programs write into one another's lines and end one another. */
  readonly stderr: string | undefined;
  /** Only seen of bare runs: whether anything in the folder is another than before. */
  readonly changed: boolean;
  readonly connected: boolean;
}

export interface HarmlessRuns {
  readonly bare: readonly HarmlessRun[];
  readonly denied: readonly HarmlessRun[];
  /** What scripts that do something come to in a bare run: what is to be found is found. */
  readonly probes: readonly HarmlessRun[];
}

/** The repository in the folder of the runs that is not the user's own. */
const THEIRS = "theirs";

/** The scripts that are judged to be harmless, each once. */
export function harmlessOf(scripts: readonly string[]): readonly string[] {
  const trustsRepository = (folder: string) => !resolve("/", folder).startsWith(`/${THEIRS}`);
  return [...new Set(scripts)].filter((script) =>
    isKnownSafeCommand(["bash", "-c", script], { trustsRepository }),
  );
}

/** Runs each script both ways, in a folder with files and two repositories. */
export async function runHarmless(scripts: readonly string[]): Promise<HarmlessRuns> {
  await using temp = await temporaryDirectory();
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: join(temp.path, "home"),
    GIT_CONFIG_NOSYSTEM: "1",
    LC_ALL: "C",
  };
  await furnish(temp, env);
  const looking = lookingEnvironment(env);
  // One after the other: the probes change what the others look at.
  const [bare, denied] = await Promise.all([
    runBare(temp.path, scripts, looking),
    runDenied(temp.path, scripts, looking),
  ]);
  return { bare, denied, probes: await runBare(temp.path, probes, env) };
}

const probes: readonly string[] = [
  "touch pwn",
  "rm pwn",
  `exec 3<>/dev/tcp/127.0.0.1/${PORT}`,
  "git diff --stat",
  `git -C ${THEIRS} status -s`,
  "ls",
];

type Folder = Awaited<ReturnType<typeof temporaryDirectory>>;
type Variables = Readonly<Record<string, string>>;

async function furnish(temp: Folder, env: Variables): Promise<void> {
  await mkdir(join(temp.path, "home"));
  const files = {
    "a.txt": "one\nexample\nx\n",
    "b.txt": "two\n",
    "a b": "spaced\n",
    "dir/c.txt": "three\n",
    tool: "#!/bin/sh\ntouch pwn\n",
    "bin/ls": "#!/bin/sh\ntouch pwn\n",
  };
  const work = join(temp.path, "work");
  const named = Object.entries(files).map(([name, text]) => [`work/${name}`, text] as const);
  await temp.write(Object.fromEntries([...named, [`work/${THEIRS}/t.txt`, "theirs\n"]]));
  execFileSync("chmod", ["+x", join(work, "tool"), join(work, "bin/ls")]);
  execFileSync("ln", ["-s", "a.txt", join(work, "link")]);
  const git = (...args: readonly string[]) => execFileSync("git", args, { cwd: work, env });
  const commit = ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one"];
  git("init", "-q");
  git("add", "--", ...Object.keys(files), "link");
  git(...commit);
  git("init", "-q", THEIRS);
  git("-C", THEIRS, "add", "t.txt");
  git("-C", THEIRS, ...commit);
  git("-C", THEIRS, "config", "core.fsmonitor", join(work, "tool"));
  // Other times than the index has, so that git has something to write down.
  const past = new Date("2001-01-01");
  for (const name of Object.keys(files)) await utimes(join(work, name), past, past);
}

/** Runs scripts one after another and prints what came of each, as JSON lines. */
const DRIVER = `
const { execFile } = require("node:child_process");
const { readdirSync, readFileSync, lstatSync, readlinkSync } = require("node:fs");
const { createServer } = require("node:net");
const [list, folder, isBare] = process.argv.slice(1);
const state = (path) => [lstatSync(path).mtimeMs, readdirSync(path, { withFileTypes: true })
  .sort((a, b) => (a.name < b.name ? -1 : 1))
  .map((entry) => {
    const at = path + "/" + entry.name;
    if (entry.isDirectory()) return [entry.name, state(at)];
    if (entry.isSymbolicLink()) return [entry.name, readlinkSync(at)];
    const { mode, size, mtimeMs } = lstatSync(at);
    return [entry.name, mode, size, mtimeMs];
  })];
let connections = 0;
const server = createServer((socket) => { connections += 1; socket.destroy(); });
const run = (script) => new Promise((done) => {
  const child = execFile("bash", ["-c", script], { cwd: folder, timeout: 5000, maxBuffer: 1 << 24 },
    (error, stdout, stderr) => done({ script, code: error ? (error.code ?? error.signal) : 0, stdout, stderr }));
  child.stdin.end();
});
(async () => {
  if (isBare) await new Promise((done) => server.listen(${PORT}, "127.0.0.1", done));
  let before = isBare ? JSON.stringify(state(folder)) : "";
  for (const script of JSON.parse(readFileSync(list, "utf8"))) {
    const outcome = await run(script);
    const after = isBare ? JSON.stringify(state(folder)) : "";
    console.log(JSON.stringify({ ...outcome, changed: after !== before, connected: connections > 0 }));
    before = after;
    connections = 0;
  }
  server.close();
})();
`;

async function driverFor(
  folder: string,
  name: string,
  scripts: readonly string[],
): Promise<readonly [string, ...string[]]> {
  const list = join(folder, name);
  await writeFile(list, JSON.stringify(scripts));
  return [process.execPath, "-e", DRIVER, list, join(folder, "work")];
}

async function runBare(
  folder: string,
  scripts: readonly string[],
  env: Variables,
): Promise<readonly HarmlessRun[]> {
  const driver = await driverFor(folder, "bare.json", scripts);
  const child = spawn(
    "bwrap",
    ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
      .concat(["--bind", folder, folder, "--unshare-net", "--unshare-pid", "--die-with-parent"])
      .concat([...driver, "bare"]),
    { env, stdio: ["ignore", "pipe", "inherit"] },
  );
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  return runsOf(Buffer.concat(chunks).toString());
}

async function runDenied(
  folder: string,
  scripts: readonly string[],
  env: Variables,
): Promise<readonly HarmlessRun[]> {
  await using local = await localTestEnvironment();
  const cwd = fromAbsolute(folder);
  await using child = await local.environment.start({
    command: { argv: await driverFor(folder, "denied.json", scripts), cwd, env },
    confinement: {
      kind: "sandboxed",
      context: { policy: { type: "read-only", network_access: false }, policyCwd: cwd },
    },
  });
  const chunks: Uint8Array[] = [];
  child.onOutput(({ bytes }) => void chunks.push(Uint8Array.from(bytes)));
  await child.closed;
  return runsOf(Buffer.concat(chunks).toString());
}

function runsOf(text: string): readonly HarmlessRun[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as HarmlessRun)
    .map((run) => (/(?<!\|)\|(?!\|)/.test(run.script) ? { ...run, stderr: undefined } : run));
}
