import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { SandboxPolicy } from "@codex-ts/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Run, runConfined, type RunOptions, workspaceWrite } from "./confined-run.fixture.ts";
import { createSandbox } from "./create-sandbox.ts";
import { landlockRights } from "./landlock-rights.ts";
import { planLandlock } from "./landlock-rules.ts";
import { fromSandboxPolicy } from "./legacy-policy.ts";
import { loadNativeCalls } from "./native-calls.ts";
import type { Sandbox } from "./sandbox.ts";

const native = process.platform === "linux" ? await loadNativeCalls() : null;
const version = native?.landlockVersion() ?? 0;
if (process.platform === "linux" && version === 0) {
  console.warn("this kernel has no Landlock: the tests of that step are skipped");
}

let base: AbsolutePath;
let ws: AbsolutePath;
let warnings: string[];
let sandbox: Sandbox;
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-landlock-`)));
  ws = join(base, "ws");
  mkdirSync(ws);
  warnings = [];
  sandbox = createSandbox({
    // bubblewrap is not found there; the commands themselves get another PATH.
    env: { PATH: "/nonexistent" },
    cwd: ws,
    onWarning: (message) => warnings.push(message),
  });
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  rmSync(base, { recursive: true, force: true });
});

const runScript = (script: string, options: RunOptions = {}): Promise<Run> =>
  runConfined(sandbox, ws, ["bash", "-c", script], options);

const ownStatus = (): readonly string[] =>
  readFileSync("/proc/thread-self/status", "utf8").match(/^(NoNewPrivs|Seccomp):.*$/gm) ?? [];

describe.skipIf(version === 0)("the Landlock thread", () => {
  test("the report says what it does and what is missing", async () => {
    const report = await sandbox.report();
    expect(report.step).toBe("landlock");
    expect(report.warnings).toEqual([
      expect.stringMatching(
        /^could not find system bubblewrap on PATH; install bubblewrap(: | with )/,
      ),
      "Landlock confines commands instead: .git, .agents and .codex in writable folders are not protected, and policies that limit reading are refused",
    ]);
    expect(report.aspects.file_writes.enforced).toBe(true);
    expect(report.aspects.file_reads.enforced).toBe(false);
  });

  test("a command writes inside the workspace and nowhere else, and this thread still may", async () => {
    const before = ownStatus();
    writeFileSync(join(base, "movable"), "");
    symlinkSync(base, join(ws, "door"));
    const run = await runScript(
      `touch inside && mkdir -p a/b && mv inside a/b/ && echo moved
       touch ../outside; touch door/outside; mv ../movable .; ln ../movable link; echo > /dev/null && echo null`,
    );
    expect(run).toMatchObject({ sandbox: "landlock", stdout: "moved\nnull\n" });
    expect(run.stderr.match(/Permission denied|cross-device/gi)).toHaveLength(4);
    expect(readdirSync(base).toSorted()).toEqual(["movable", "ws"]);
    writeFileSync(join(base, "ours"), "");
    expect(ownStatus()).toEqual(before);
  });

  test("the network is off, and programs are told", async () => {
    const run = await runScript(
      `echo x > /dev/tcp/127.0.0.1/9 || echo refused; echo "$CODEX_SANDBOX_NETWORK_DISABLED"`,
    );
    expect(run.stdout).toBe("refused\n1\n");
    expect(run.stderr).toContain("Operation not permitted");
  });

  test("privileges are gone", async () => {
    const run = await runScript("grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/self/status");
    const lines = run.stdout.replaceAll("\t", " ").trim().split("\n");
    expect(lines.filter((line) => /NoNewPrivs|Seccomp|CapEff/.test(line))).toEqual([
      "CapEff: 0000000000000000",
      "NoNewPrivs: 1",
      "Seccomp: 2",
    ]);
  });

  test.skipIf(version < 6)("a command cannot signal this process", async () => {
    const run = await runScript(`kill -0 ${process.pid} || echo refused`);
    expect(run.stdout).toBe("refused\n");
  });

  test("a read-only policy lets nothing be written", async () => {
    const run = await runScript("touch inside; cat /etc/passwd > /dev/null && echo read", {
      context: { policy: { type: "read-only" } },
    });
    expect(run.stdout).toBe("read\n");
    expect(readdirSync(ws)).toEqual([]);
  });

  test("full access without network keeps the disk writable", async () => {
    const run = await runScript(
      `touch ../outside && echo wrote; echo x > /dev/tcp/127.0.0.1/9 || echo refused`,
      { context: { policy: { type: "danger-full-access" }, network: "restricted" } },
    );
    expect(run.stdout).toBe("wrote\nrefused\n");
  });

  test("with network on the disk is confined, and tracing the agent", async () => {
    const run = await runScript(
      `touch ../outside || echo refused; grep '^Seccomp:' /proc/self/status; echo "\${CODEX_SANDBOX_NETWORK_DISABLED:-unset}"`,
      { context: { policy: { ...workspaceWrite, network_access: true } } },
    );
    expect(run.stdout).toBe("refused\nSeccomp:\t2\nunset\n");
  });

  test("policies do not mix, and commands of one run side by side", async () => {
    const scripts = Array.from({ length: 8 }, (_, index) => index);
    const runs = await Promise.all(
      scripts.map((index) =>
        runScript(`touch ${index} && echo wrote || echo refused`, {
          context: { policy: index % 2 === 0 ? workspaceWrite : { type: "read-only" } },
        }),
      ),
    );
    expect(runs.map(({ stdout }) => stdout)).toEqual(
      scripts.map((index) => (index % 2 === 0 ? "wrote\n" : "refused\n")),
    );
  });

  test("old threads are ended when many policies come by, and new ones still start", async () => {
    for (let index = 0; index < 6; index += 1) {
      const extra = join(base, `extra-${index}`);
      mkdirSync(extra);
      const run = await runScript(`touch ${extra}/a`, {
        context: { additionalPermissions: { file_system: { write: [extra] } } },
      });
      expect(run.exit).toEqual({ code: 0, signal: null });
    }
  });

  test("a workspace that was removed and made again is writable again", async () => {
    expect((await runScript("touch before && echo wrote")).stdout).toBe("wrote\n");
    rmSync(ws, { recursive: true });
    mkdirSync(ws);
    expect((await runScript("touch after && echo wrote")).stdout).toBe("wrote\n");
  });

  test("what is required and not enforced is refused before anything runs", async () => {
    const command = { argv: ["true"], cwd: ws, env: {} } as const;
    const context = { policy: workspaceWrite, policyCwd: ws };
    const refusal = await sandbox
      .prepare(command, context, { require: ["network", "protected_paths"] })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "aspect_not_enforced",
      message:
        "the command does not run: not enforced on this machine, though required: protected_paths (Landlock cannot close a part of a folder that it opens)",
    });
    await using prepared = await sandbox.prepare(command, context, { require: ["file_writes"] });
    expect(prepared.sandbox).toBe("landlock");
  });

  test("what it cannot protect is told, once", async () => {
    mkdirSync(join(ws, ".git"));
    await runScript("true");
    await runScript("true");
    expect(warnings).toEqual([
      `not protected from commands on this machine: ${join(ws, ".git")}, ${join(ws, ".codex")}`,
    ]);
  });

  test("exit codes, signals and missing programs come through", async () => {
    expect((await runScript("exit 7")).exit).toEqual({ code: 7, signal: null });
    expect((await runScript("kill -TERM $$")).exit).toEqual({ code: null, signal: "SIGTERM" });
    await expect(runConfined(sandbox, ws, ["no-such-program"])).rejects.toMatchObject({
      code: "command_not_found",
      message: "command not found: no-such-program",
    });
  });

  test("a policy that it cannot hold a command to is refused, with the reason", async () => {
    const secret = join(ws, "secret");
    mkdirSync(secret);
    const refused = (fileSystem: NonNullable<RunOptions["context"]>["fileSystem"]) =>
      runScript("true", { context: { fileSystem } });
    const root = { type: "special", value: { kind: "root" } } as const;
    await expect(
      refused({
        kind: "restricted",
        entries: [
          { path: root, access: "read" },
          { path: { type: "path", path: secret }, access: "none" },
        ],
      }),
    ).rejects.toMatchObject({
      code: "sandbox_unavailable",
      message: expect.stringMatching(/limits what may be read.*install bubblewrap/),
    });
    await expect(
      refused({
        kind: "restricted",
        entries: [
          { path: root, access: "read" },
          { path: { type: "path", path: ws }, access: "write" },
          { path: { type: "path", path: secret }, access: "read" },
        ],
      }),
    ).rejects.toMatchObject({
      code: "sandbox_unavailable",
      message: expect.stringContaining(`keeps ${secret} read-only in ${ws}`),
    });
    expect(existsSync(secret)).toBe(true);
  });
});

describe("planLandlock", () => {
  const plan = (policy: SandboxPolicy) => {
    const context = { cwd: ws };
    return planLandlock(fromSandboxPolicy(policy, context), context);
  };

  test("lists writable folders and harmless devices", () => {
    const found = plan({ ...workspaceWrite, writable_roots: [join(base, "gone")] });
    expect(found).toMatchObject({
      kind: "possible",
      cutNetwork: true,
      unprotected: [join(ws, ".codex")],
    });
    const { writable } = found as Extract<typeof found, { kind: "possible" }>;
    expect(writable.slice(0, 2)).toEqual([ws, "/dev/null"]);
    expect(writable).not.toContain(join(base, "gone"));
  });

  test("protected folders of configured roots are no reason to refuse", () => {
    const extra = join(base, "extra");
    mkdirSync(join(extra, ".git"), { recursive: true });
    expect(plan({ ...workspaceWrite, writable_roots: [extra] })).toMatchObject({
      kind: "possible",
      unprotected: [join(ws, ".codex"), join(extra, ".git")],
    });
  });
});

test("each version of Landlock is asked for the rights that it knows", () => {
  const summary = (known: number, cutNetwork: boolean) => {
    const { handled, handledForFiles, ruleset } = landlockRights(known, cutNetwork);
    const view = new DataView(ruleset.buffer);
    const words = Array.from({ length: ruleset.length / 8 }, (_, index) =>
      view.getBigUint64(8 * index, true),
    );
    return { handled, handledForFiles, words };
  };
  expect([1, 2, 3, 5].map((known) => summary(known, /*cutNetwork*/ true))).toEqual([
    { handled: 0x1ff2n, handledForFiles: 0x2n, words: [0x1ff2n] },
    { handled: 0x3ff2n, handledForFiles: 0x2n, words: [0x3ff2n] },
    { handled: 0x7ff2n, handledForFiles: 0x4002n, words: [0x7ff2n] },
    { handled: 0xfff2n, handledForFiles: 0xc002n, words: [0xfff2n, 3n] },
  ]);
  expect(summary(/*known*/ 6, /*cutNetwork*/ false).words).toEqual([0xfff2n, 0n, 3n]);
  expect(summary(/*known*/ 9, /*cutNetwork*/ true).words).toEqual([0xfff2n, 3n, 3n]);
});
