// What the sandbox costs: one command bare, under bubblewrap and under Landlock; twenty at once; and the
// command line of a policy with many folders.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import nodePath from "node:path";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { buildBwrapArgs, createSandbox, resolveContext, type Sandbox } from "../src/index.ts";

interface Context {
  readonly root: string;
  readonly against: string | undefined;
  readonly scratch: string;
}

const searchPath = process.env["PATH"] ?? "/usr/bin:/bin";

function bare(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("true", { stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
}

function confined(sandbox: Sandbox, cwd: AbsolutePath): () => Promise<void> {
  const context = { policy: { type: "workspace-write" }, policyCwd: cwd } as const;
  return async () => {
    await using prepared = await sandbox.prepare(
      { argv: ["true"], cwd, env: { PATH: searchPath } },
      context,
    );
    const stdio = ["ignore", "ignore", "ignore", ...prepared.extraStdio] as const;
    const { exited } = await prepared.launcher.launch({ ...prepared, stdio });
    const { code } = await exited;
    if (code !== 0) throw new Error(`true ended with ${code}`);
  };
}

const twenty = (run: () => Promise<void>) => (): Promise<unknown> =>
  Promise.all(Array.from({ length: 20 }, run));

const names = {
  bare: "`true`, bare",
  bwrap: "`true` under bubblewrap",
  landlock: "`true` under Landlock",
  released: "the released binary's `sandbox linux -- true`",
  bareTwenty: "20 bare at once",
  line: "the command line for 100 folders",
} as const;

export const benchmark = {
  name: "sandboxing",
  question: "What does it cost to run a command confined, and to put its command line together?",
  rounds: 30,
  bounds: [
    { subject: names.bwrap, atMostTimes: 6, of: names.bare },
    { subject: names.bwrap, atMostTimes: 0.4, of: names.released },
    { subject: names.landlock, atMostTimes: 1.15, of: names.bare },
    { subject: names.line, atMostMs: 2 },
  ],
  async subjects({ root, against, scratch }: Context) {
    // The released binary does not work with a home in a temporary folder.
    const home = nodePath.join(root, "node_modules/.cache/sandboxing-bench");
    mkdirSync(home, { recursive: true });
    const cwd = fromAbsolute(mkdtempSync(nodePath.join(scratch, "ws-")));
    const [bwrap, landlock] = [false, true].map((useLandlock) =>
      createSandbox({ env: { PATH: searchPath }, cwd, useLandlock }),
    ) as [Sandbox, Sandbox];
    const [underBwrap, underLandlock] = [confined(bwrap, cwd), confined(landlock, cwd)];
    for (const [sandbox, step] of [
      [bwrap, "bwrap"],
      [landlock, "landlock"],
    ] as const) {
      const report = await sandbox.report();
      if (report.step !== step) throw new Error(`no ${step} here: ${report.warnings.join("; ")}`);
    }

    const roots = Array.from({ length: 100 }, (_, index) => join(cwd, `root-${index}`));
    for (const folder of roots) mkdirSync(join(folder, ".git"), { recursive: true });
    const context = {
      policy: { type: "workspace-write", writable_roots: roots },
      policyCwd: cwd,
    } as const;
    return [
      { name: names.bare, run: bare },
      { name: names.bwrap, run: underBwrap },
      { name: names.landlock, run: underLandlock },
      ...(against === undefined
        ? []
        : [
            {
              name: names.released,
              command: [against, "sandbox", "linux", "--", "true"] as const,
              cwd,
              env: { PATH: searchPath, HOME: home, CODEX_HOME: home },
            },
          ]),
      { name: names.bareTwenty, run: twenty(bare) },
      { name: "20 under bubblewrap at once", run: twenty(underBwrap) },
      { name: "20 under Landlock at once", run: twenty(underLandlock) },
      {
        name: names.line,
        repeat: 20,
        run: () => {
          const policy = resolveContext(context);
          return buildBwrapArgs(policy, policy.paths, { commandCwd: cwd, nullFd: 5 });
        },
      },
    ];
  },
};
