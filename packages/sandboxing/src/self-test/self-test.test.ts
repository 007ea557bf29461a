// Every way out of the sandbox, on each step of the ladder, as root and as an ordinary user.
import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findExecutable } from "../find-executable.ts";
import { findSystemBwrap } from "../find-bwrap.ts";
import { loadNativeCalls } from "../native-calls.ts";
import { attempts, type SelfTestReport, type Verdict } from "./run-self-test.ts";

const runFile = promisify(execFile);
const searchPath = process.env["PATH"] ?? "/usr/bin:/bin";
const isLinux = process.platform === "linux";
const isRoot = process.getuid?.() === 0;
const hasBwrap = isLinux && findSystemBwrap(searchPath, "/") !== null;
const landlock = isLinux ? ((await loadNativeCalls())?.landlockVersion() ?? 0) : 0;
const hasPerl = findExecutable("perl", { searchPath, cwd: "/" }).found;
const canRun = hasPerl && (hasBwrap || landlock > 0);
if (isLinux && !canRun) {
  const message = "the self-test needs perl, and bubblewrap or a kernel with Landlock";
  if (process.env["CI"] !== undefined) throw new Error(message);
  console.warn(`${message}: it is skipped`);
}

/** Somebody who owns nothing here. */
const ordinaryUser = "54321";

interface Column {
  readonly title: string;
  readonly step: "bwrap" | "landlock" | "none";
  readonly user: string;
}
const columns: readonly Column[] = [
  ...(hasBwrap ? (["bwrap"] as const) : []),
  ...(landlock > 0 ? (["landlock"] as const) : []),
].flatMap((step) => {
  const name = step === "bwrap" ? "bubblewrap" : "Landlock thread";
  const ordinary = { title: `${name}, ordinary user`, step, user: isRoot ? ordinaryUser : "" };
  return isRoot ? [{ title: `${name}, root`, step, user: "" }, ordinary] : [ordinary];
});

const here = nodePath.dirname(fileURLToPath(import.meta.url));
const packages = nodePath.resolve(here, "../../..");
const fixture = fileURLToPath(new URL("./run-self-test.fixture.ts", import.meta.url));

/** A copy of what the program needs, in a folder that every user may read. */
function stageProgram(folder: string): { readonly node: string; readonly program: string } {
  const node = nodePath.join(folder, "node");
  try {
    linkSync(process.execPath, node);
  } catch {
    cpSync(process.execPath, node);
  }
  for (const name of ["sandboxing", "absolute-path", "protocol"]) {
    const from = nodePath.join(packages, name);
    const to = nodePath.join(folder, "packages", name);
    cpSync(nodePath.join(from, "src"), nodePath.join(to, "src"), { recursive: true });
    cpSync(nodePath.join(from, "package.json"), nodePath.join(to, "package.json"));
    mkdirSync(nodePath.join(to, "node_modules"));
    symlinkSync(nodePath.join(folder, "scope"), nodePath.join(to, "node_modules/@codex-ts"));
  }
  mkdirSync(nodePath.join(folder, "scope"));
  for (const name of ["absolute-path", "protocol"]) {
    symlinkSync(nodePath.join(folder, "packages", name), nodePath.join(folder, "scope", name));
  }
  // koffi lies beside the package of this platform that it loads.
  const koffi = nodePath.dirname(
    realpathSync(nodePath.join(packages, "sandboxing/node_modules/koffi")),
  );
  for (const scope of ["koffi", ...readdirSync(koffi).filter((name) => name.startsWith("@"))]) {
    for (const part of scope === "koffi" ? [""] : readdirSync(nodePath.join(koffi, scope))) {
      const from = realpathSync(nodePath.join(koffi, scope, part));
      cpSync(from, nodePath.join(folder, "node_modules", scope, part), { recursive: true });
    }
  }
  chmodSync(folder, 0o755);
  const program = nodePath.join(folder, "packages", nodePath.relative(packages, fixture));
  return { node, program };
}

let folder: string;
let unconfined: SelfTestReport;
let reports: ReadonlyMap<string, SelfTestReport>;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-self-test-`));
  if (!canRun) return;
  const { node, program } = stageProgram(folder);
  const stages = nodePath.join(folder, "stages");
  mkdirSync(stages);
  chmodSync(stages, 0o1777);
  const run = async ({ title, step, user }: Column): Promise<readonly [string, SelfTestReport]> => {
    const { stdout } = await runFile(
      node,
      [
        "--conditions=@codex-ts/source",
        "--disable-warning=ExperimentalWarning",
        program,
        step,
        user,
      ],
      { env: { PATH: searchPath, TMPDIR: stages }, cwd: "/", maxBuffer: 16 * 1024 * 1024 },
    );
    return [title, JSON.parse(stdout) as SelfTestReport];
  };
  const [bare, ...confined] = await Promise.all(
    [{ title: "none", step: "none", user: "" } as const, ...columns].map(run),
  );
  if (bare === undefined) throw new Error("nothing ran");
  unconfined = bare[1];
  reports = new Map(confined);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const words: Readonly<Record<Verdict, string>> = {
  stopped: "stopped",
  refused: "refused",
  declared: "open, as reported",
  escaped: "**ESCAPED**",
  works: "works",
  broken: "**BROKEN**",
  not_tried: "not tried",
};

function table(): string {
  const titles = [...reports.keys()];
  const rows = [...reports.values()][0]?.results ?? [];
  const cells = [
    ["attempt", "aspect", ...titles],
    ...rows.map(({ title, aspect }, index) => [
      title,
      aspect ?? "ordinary work",
      ...[...reports.values()].map(({ results }) => words[results[index]?.verdict ?? "broken"]),
    ]),
  ];
  const widths = titles
    .concat("", "")
    .map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], fill: string): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  return [
    line(head, " "),
    line(
      head.map(() => ""),
      "-",
    ),
    ...body.map((row) => line(row, " ")),
  ].join("\n");
}

const introduction = `# Ways out of the sandbox, and what came of them

What a hostile command may try, and ordinary work that has to go on, on each step of the ladder. Every attempt runs in a sandbox of its own, on a stage that is looked at afterwards: files outside the workspace, listening sockets, processes, the agent itself. \`stopped\`: it had no effect. \`refused\`: the step does not run commands under such a policy. \`open, as reported\`: it got through, and \`report()\` says beforehand that this aspect is not enforced. Anything else fails the tests, which write this page.

\`codex-ts sandbox check\` does the same on any machine. This is Linux with Landlock version 6 or newer; as root and as a user who owns nothing outside the stage.
`;

describe.skipIf(!canRun)("the self-test", () => {
  test("tries at least sixty ways out, each with a name of its own", () => {
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(attempts.length);
    expect(attempts.length).toBeGreaterThanOrEqual(60);
  });

  test.each(columns)(
    "nothing gets out and everything ordinary works: $title",
    ({ title, step }) => {
      const { report, results = [] } = reports.get(title) ?? {};
      expect(report?.step).toBe(step);
      const failures = results.filter(
        ({ verdict }) => verdict === "escaped" || verdict === "broken",
      );
      expect(failures).toEqual([]);
      expect(results.filter(({ verdict }) => verdict === "not_tried")).toEqual([]);
    },
  );

  test("without a sandbox the same attempts get through: they would be seen", () => {
    const stopped = unconfined.results.filter(({ verdict }) => verdict === "stopped");
    expect(unconfined.results.length).toBeGreaterThan(40);
    expect(stopped).toEqual([]);
  });

  test("the table in the documentation is what came of it", async () => {
    console.log(table());
    const isWhole = columns.length === 4 && landlock >= 6;
    if (!isWhole) return;
    await expect(`${introduction}\n${table()}\n`).toMatchFileSnapshot(
      "../../docs/escape-attempts.md",
    );
  });
});
