// Kills the agent again and again while its commands run, and counts what is left of them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import nodePath from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const agent = fileURLToPath(new URL("../src/parent-death.fixture.ts", import.meta.url));
const kinds = ["bwrap", "landlock", "unconfined"] as const;
const channels = ["pipes", "terminal"] as const;
const atOnce = 4;
const patienceMs = 10_000;

/** What outlived an agent: its processes, those of them that had left their session, and folders. */
interface Left {
  readonly processes: number;
  readonly detached: number;
  readonly folders: number;
}

function marked(mark: string): readonly { readonly pid: number; readonly detached: boolean }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const variables = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      return variables.includes(mark)
        ? [{ pid: Number(name), detached: variables.includes("DETACHED=1") }]
        : [];
    } catch {
      return [];
    }
  });
}

/** The protected folders that stand in the workspace. */
function mountPoints(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith("/.codex"),
  );
}

async function killOne(kind: string, channel: string, scratch: string): Promise<Left> {
  const mark = `CODEX_TS_BENCH_MARK=${crypto.randomUUID()}`;
  const folder = mkdtempSync(nodePath.join(scratch, "killed-"));
  const child = spawn(
    process.execPath,
    ["--conditions=@codex-ts/source", agent, kind, channel, mark, "detached"],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TMPDIR: folder } },
  );
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(() => [null]),
  ])) as [string | null];
  if (line !== "up") throw new Error(`the agent ended before its ${kind} command was up`);
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
  const attached = (): number => marked(mark).filter(({ detached }) => !detached).length;
  const isClear = (): boolean =>
    mountPoints(folder).length === 0 &&
    (kind === "bwrap" ? marked(mark).length === 0 : attached() === 0);
  for (const start = Date.now(); Date.now() - start < patienceMs && !isClear();) await sleep(10);
  const processes = marked(mark);
  for (const { pid } of processes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  const folders = mountPoints(folder).length;
  rmSync(folder, { recursive: true, force: true });
  return {
    processes: processes.filter(({ detached }) => !detached).length,
    detached: processes.filter(({ detached }) => detached).length,
    folders,
  };
}

interface Row extends Left {
  readonly kind: string;
  readonly channel: string;
  readonly kills: number;
}

async function killMany(
  kind: string,
  channel: string,
  kills: number,
  scratch: string,
): Promise<Row> {
  const all: Left[] = [];
  while (all.length < kills) {
    const count = Math.min(atOnce, kills - all.length);
    all.push(
      ...(await Promise.all(Array.from({ length: count }, () => killOne(kind, channel, scratch)))),
    );
  }
  const sum = (of: (left: Left) => number): number =>
    all.reduce((total, left) => total + of(left), 0);
  return {
    kind,
    channel,
    kills,
    processes: sum(({ processes }) => processes),
    detached: sum(({ detached }) => detached),
    folders: sum(({ folders }) => folders),
  };
}

const cells = (row: readonly (string | number)[]): string =>
  row
    .map((cell, column) => String(cell).padEnd(column < 2 ? 12 : 22))
    .join("")
    .trimEnd();

export const benchmark = {
  name: "agent-killed",
  question: "What is left of running commands when the agent is killed with SIGKILL?",
  flags: {
    kills: { kind: "count", default: 100, least: 1, help: "how many, for each kind of command" },
  },
  async report({
    scratch,
    flags: { kills },
  }: {
    readonly scratch: string;
    readonly flags: { readonly kills: number };
  }) {
    const rows: Row[] = [];
    for (const kind of kinds) {
      for (const channel of channels) rows.push(await killMany(kind, channel, kills, scratch));
    }
    const failed = rows.filter(
      ({ kind, processes, detached, folders }) =>
        processes + folders > 0 || (kind === "bwrap" && detached > 0),
    );
    if (failed.length > 0) process.exitCode = 1;
    const head = [
      "sandbox",
      "channel",
      "agents killed",
      "processes left",
      "detached left*",
      "folders left",
    ];
    const text = [
      cells(head),
      ...rows.map(({ kind, channel, kills: of, processes, detached, folders }) =>
        cells([kind, channel, of, processes, detached, folders]),
      ),
      "* forked twice into a session of their own: bubblewrap ends them too, outside it nothing does",
      failed.length === 0
        ? "pass  nothing is left but what left its session outside bubblewrap"
        : "FAIL  something is left that should not be",
    ].join("\n");
    return { text, data: { rows } };
  },
};
