// Kills the agent again and again while its commands run, and counts what is left of them:
//   node --conditions=@codex-ts/source packages/exec-server/bench/agent-killed.ts 100
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const agent = fileURLToPath(new URL("../src/parent-death.fixture.ts", import.meta.url));
const kinds = ["bwrap", "landlock", "unconfined"] as const;
const patienceMs = 10_000;

function marked(mark: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").includes(mark);
    } catch {
      return false;
    }
  });
}

/** The protected folders that stand in the workspace. */
function mountPoints(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".codex"),
  );
}

/** How many of its processes outlive the agent, and the entries that stay in its workspace. */
async function killOnce(round: number): Promise<{ readonly left: number; readonly stray: number }> {
  const kind = kinds[round % kinds.length] ?? "bwrap";
  const channel = round % 2 === 0 ? "pipes" : "terminal";
  const mark = `CODEX_TS_BENCH_MARK=${crypto.randomUUID()}`;
  const folder = mkdtempSync(nodePath.join(tmpdir(), "codex-ts-killed-"));
  const child = spawn(
    process.execPath,
    ["--conditions=@codex-ts/source", agent, kind, channel, mark],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TMPDIR: folder } },
  );
  await once(createInterface(child.stdout), "line");
  child.kill("SIGKILL");
  await once(child, "exit");
  const isClear = (): boolean => marked(mark).length === 0 && mountPoints(folder).length === 0;
  for (let waited = 0; waited < patienceMs && !isClear(); waited += 10) await sleep(10);
  const left = marked(mark).length;
  const stray = mountPoints(folder).length;
  rmSync(folder, { recursive: true, force: true });
  return { left, stray };
}

const rounds = Number(process.argv[2] ?? 100);
const total = { left: 0, stray: 0 };
for (let round = 0; round < rounds; round += 1) {
  const { left, stray } = await killOnce(round);
  total.left += left;
  total.stray += stray;
}
console.log(
  `${rounds} agents killed: ${total.left} processes left, ${total.stray} folders left in the workspace`,
);
