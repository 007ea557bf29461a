import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { SandboxPolicy } from "@codex-ts/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Run,
  runConfined,
  type RunOptions,
  searchPath,
  workspaceWrite,
} from "./confined-run.fixture.ts";
import { createSandbox, type SandboxOptions } from "./create-sandbox.ts";
import { findSystemBwrap } from "./find-bwrap.ts";
import { type ExitStatus, type Sandbox, SandboxError } from "./sandbox.ts";

const isLinux = process.platform === "linux";
const isRoot = process.getuid?.() === 0;
const hasBwrap = isLinux && findSystemBwrap(searchPath, "/") !== null;
if (isLinux && !hasBwrap) {
  const message =
    "bubblewrap is not installed: the sandbox tests need it (apt-get install bubblewrap)";
  if (process.env["CI"] !== undefined) throw new Error(message);
  console.warn(`${message}; they are skipped`);
}

let base: AbsolutePath;
let ws: AbsolutePath;
let warnings: string[];
let sandboxes: Sandbox[];
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-sandbox-`)));
  chmodSync(base, 0o755);
  ws = folder("ws");
  warnings = [];
  sandboxes = [];
});
afterEach(async () => {
  for (const sandbox of sandboxes) await sandbox[Symbol.asyncDispose]();
  rmSync(base, { recursive: true, force: true });
});

function folder(...parts: readonly string[]): AbsolutePath {
  const path = join(base, ...parts);
  mkdirSync(path, { recursive: true });
  return path;
}

function make(options: Partial<SandboxOptions> = {}): Sandbox {
  const sandbox = createSandbox({
    env: { PATH: searchPath },
    cwd: ws,
    codexHome: join(base, "home"),
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  sandboxes.push(sandbox);
  return sandbox;
}

const runScript = (sandbox: Sandbox, script: string, options: RunOptions = {}): Promise<Run> =>
  runConfined(sandbox, ws, ["bash", "-c", script], options);

const ok: ExitStatus = { code: 0, signal: null };

describe.skipIf(!hasBwrap)("bubblewrap", () => {
  test("the report names what enforces each aspect", async () => {
    const report = await make().report();
    expect({ step: report.step, warnings: report.warnings }).toEqual({
      step: "bwrap",
      warnings: [],
    });
    const openAspects = Object.entries(report.aspects).filter(([, { enforced }]) => !enforced);
    expect(openAspects).toEqual([
      [
        "local_ipc",
        {
          enforced: false,
          by: "datagrams reach Unix sockets that a command can see, unless local communication is isolated",
        },
      ],
    ]);
    expect((await make({ isolateIpc: true }).report()).aspects.local_ipc).toEqual({
      enforced: true,
      by: "IPC namespace (bubblewrap) and system call filter",
    });
  });

  test("a command writes inside the workspace and nowhere else", async () => {
    const run = await runScript(
      make(),
      `echo in > inside; echo out > ../outside; echo null > /dev/null && echo done`,
    );
    expect(run.outcome).toEqual({ kind: "ran" });
    expect(run.stdout).toBe("done\n");
    expect(run.stderr).toContain("Read-only file system");
    expect([existsSync(join(ws, "inside")), existsSync(join(base, "outside"))]).toEqual([
      true,
      false,
    ]);
  });

  test("a read-only policy lets nothing be written", async () => {
    const run = await runScript(make(), "touch inside", {
      context: { policy: { type: "read-only" } },
    });
    expect(run.exit.code).toBe(1);
    expect(readdirSync(ws)).toEqual([]);
  });

  test(".git and .codex stay as they are, and a first .codex leaves no trace", async () => {
    folder("ws", ".git");
    const sandbox = make();
    const run = await runScript(
      sandbox,
      `for path in .git .codex; do touch $path/x && echo "wrote $path"; mv $path moved && echo "moved $path"; rmdir $path && echo "removed $path"; done; mkdir .codex && echo made; stat -c %a .codex`,
    );
    expect(run.stdout).toBe("555\n");
    expect(readdirSync(ws)).toEqual([".git"]);
    expect(readdirSync(join(base, "home", "tmp", "mount-points"))).toEqual([]);
  });

  test("a .codex that a person makes in the meantime stays", async () => {
    await runScript(make(), "sleep 0.2", {
      whileRunning: () => {
        writeFileSync(join(ws, ".codex", "config.toml"), "");
      },
    });
    expect(readdirSync(join(ws, ".codex"))).toEqual(["config.toml"]);
  });

  test("overlapping commands share the stand-in for .codex", async () => {
    const sandbox = make();
    const script = "sleep 0.$((RANDOM % 3)); touch .codex/x || echo refused";
    const runs = await Promise.all(Array.from({ length: 6 }, () => runScript(sandbox, script)));
    expect(runs.map(({ stdout }) => stdout)).toEqual(Array(6).fill("refused\n"));
    expect(readdirSync(ws)).toEqual([]);
  });

  test("the network is off, and programs are told", async () => {
    const run = await runScript(
      make(),
      `echo x > /dev/tcp/127.0.0.1/9 || echo refused; awk -F: 'NR > 2 { print $1 }' /proc/net/dev; echo "$CODEX_SANDBOX_NETWORK_DISABLED"`,
    );
    expect(run.stdout.replaceAll(" ", "")).toBe("refused\nlo\n1\n");
    expect(run.stderr).toContain("Operation not permitted");
  });

  test("nothing of ours gets in: descriptors, privileges, processes", async () => {
    const run = await runScript(
      make(),
      `cd /proc/self/fd; for fd in *; do [ -e "$fd" ] && [ "$fd" -gt 2 ] && echo "fd $fd"; done
       grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/self/status; ls -d /proc/[0-9]* | wc -l`,
    );
    const lines = run.stdout.replaceAll("\t", " ").trim().split("\n");
    expect(lines.slice(0, -1)).toEqual([
      "CapEff: 0000000000000000",
      "CapBnd: 0000000000000000",
      "NoNewPrivs: 1",
      "Seccomp: 2",
    ]);
    expect(Number(lines.at(-1))).toBeLessThan(8);
  });

  test("the usual devices are there, and a writable root in /dev/shm is the host's", async () => {
    const shared = fromAbsolute(mkdtempSync("/dev/shm/codex-ts-"));
    try {
      const run = await runScript(
        make(),
        `for device in null zero full random urandom tty; do [ -c /dev/$device ] || echo "no $device"; done; echo hi > ${shared}/file`,
        { context: { policy: { ...workspaceWrite, writable_roots: [shared] } } },
      );
      expect({ ...run.exit, text: run.stdout + run.stderr }).toEqual({ ...ok, text: "" });
      expect(readFileSync(join(shared, "file"), "utf8")).toBe("hi\n");
    } finally {
      rmSync(shared, { recursive: true });
    }
  });

  test("a caller that is root cannot mount the disk writable again", async () => {
    const run = await runScript(
      make(),
      `mount -o remount,rw,bind / ; touch ../outside; unshare --user --map-root-user --mount sh -c 'mount -o remount,rw,bind /; touch ../outside'`,
    );
    expect(run.exit.code).not.toBe(0);
    expect(existsSync(join(base, "outside"))).toBe(false);
  });

  test("denied files and folders cannot be read, whoever asks", async () => {
    folder("ws", "secrets");
    writeFileSync(join(ws, "secrets", "key"), "s3cret");
    writeFileSync(join(ws, "token"), "s3cret");
    const none = (path: AbsolutePath) =>
      ({ path: { type: "path", path }, access: "none" }) as const;
    const run = await runScript(make(), "cat secrets/key token; ls secrets; touch secrets/x", {
      context: {
        fileSystem: {
          kind: "restricted",
          entries: [
            { path: { type: "special", value: { kind: "root" } }, access: "read" },
            { path: { type: "special", value: { kind: "project_roots" } }, access: "write" },
            none(join(ws, "secrets")),
            none(join(ws, "token")),
          ],
        },
      },
    });
    expect(run.stdout).toBe("");
    expect(run.stderr.match(/Permission denied/g)).toHaveLength(4);
  });

  test("a denied folder cannot be carried away by renaming what it lies in", async () => {
    folder("ws", "docs", "private");
    folder("ws", "other");
    writeFileSync(join(ws, "docs", "private", "key"), "s3cret");
    const run = await runScript(
      make(),
      "mv docs moved; touch docs/a && mv docs/a other/a && echo renamed; ls",
      {
        context: {
          fileSystem: {
            kind: "restricted",
            entries: [
              { path: { type: "special", value: { kind: "root" } }, access: "read" },
              { path: { type: "special", value: { kind: "project_roots" } }, access: "write" },
              { path: { type: "path", path: join(ws, "docs", "private") }, access: "none" },
            ],
          },
        },
      },
    );
    expect(run.stderr).toContain("Device or resource busy");
    expect(run.stdout).toBe("renamed\ndocs\nother\n");
    expect(existsSync(join(ws, "docs", "private", "key"))).toBe(true);
  });

  test("listed reads show nothing else", async () => {
    writeFileSync(join(folder("seen"), "file"), "yes\n");
    writeFileSync(join(folder("unseen"), "file"), "no\n");
    const run = await runScript(
      make(),
      `cat ${base}/seen/file ${base}/unseen/file; touch inside && echo writable`,
      {
        context: {
          policy: {
            ...workspaceWrite,
            read_only_access: { type: "restricted", readable_roots: [join(base, "seen")] },
          },
        },
      },
    );
    expect(run.stdout).toBe("yes\nwritable\n");
    expect(run.stderr).toContain("No such file or directory");
  });

  test("a protected link leads where it led, before and after", async () => {
    folder("ws", "decoy");
    symlinkSync("decoy", join(ws, ".codex"));
    const sandbox = make();
    const script =
      "touch decoy/x; touch .codex/x; rm .codex; mkdir .codex; echo planted > .codex/config.toml; ls .codex";
    const first = await runScript(sandbox, script);
    expect(first.outcome).toEqual({ kind: "ran" });
    expect(first.stderr.match(/Read-only file system/g)).toHaveLength(2);
    expect(readlinkSync(join(ws, ".codex"))).toBe("decoy");
    expect(readdirSync(join(ws, "decoy"))).toEqual([]);
    expect(readdirSync(join(ws, ".codex.replaced-1"))).toEqual(["config.toml"]);
    expect(warnings).toEqual([
      `a command replaced the protected link ${join(ws, ".codex")}: it leads to decoy again; what stood in its place is kept as ${join(ws, ".codex.replaced-1")}`,
    ]);
  });

  test.each(["../elsewhere", "missing", "decoy-file", "."])(
    "a protected link that leads to %j keeps no command from running",
    async (target) => {
      folder("elsewhere");
      writeFileSync(join(ws, "decoy-file"), "");
      symlinkSync(target, join(ws, ".codex"));
      const run = await runScript(make(), "mkdir missing 2>/dev/null && echo made; echo ran");
      expect(run).toMatchObject({ outcome: { kind: "ran" }, exit: ok });
      expect(run.stdout.endsWith("ran\n")).toBe(true);
      expect(readlinkSync(join(ws, ".codex"))).toBe(target);
      expect(run.stdout.startsWith("made\n")).toBe(target !== "missing");
    },
  );

  test("full access without network changes nothing but the network", async () => {
    const outside = join(base, "outside");
    const run = await runScript(
      make(),
      `echo x > ${outside} && echo x > /dev/null && echo wrote; echo x > /dev/tcp/127.0.0.1/9 || echo refused`,
      { context: { policy: { type: "danger-full-access" }, network: "restricted" } },
    );
    expect(run.stdout).toBe("wrote\nrefused\n");
    expect(existsSync(outside)).toBe(true);
  });

  test("with network on no filter and no network namespace is there", async () => {
    const run = await runScript(
      make(),
      `grep '^Seccomp:' /proc/self/status; readlink /proc/self/ns/net; echo "\${CODEX_SANDBOX_NETWORK_DISABLED:-unset}"; touch ../outside || echo refused`,
      { context: { policy: { ...workspaceWrite, network_access: true } } },
    );
    expect(run.stdout).toBe(`Seccomp:\t0\n${readlinkSync("/proc/self/ns/net")}\nunset\nrefused\n`);
  });

  test("grants open folders and the network for one command", async () => {
    const extra = folder("extra");
    const run = await runScript(make(), `touch ${extra}/a && readlink /proc/self/ns/net`, {
      context: {
        additionalPermissions: { network: { enabled: true }, file_system: { write: [extra] } },
      },
    });
    expect(run.stdout).toBe(`${readlinkSync("/proc/self/ns/net")}\n`);
    expect(readdirSync(extra)).toEqual(["a"]);
  });

  test("the temporary folder is the command's own", async () => {
    const scratch = folder("scratch");
    const policy: SandboxPolicy = { type: "workspace-write", exclude_slash_tmp: true };
    const run = await runScript(make(), `touch "$TMPDIR/a"`, {
      context: { policy },
      env: { TMPDIR: scratch },
    });
    expect(run.exit).toEqual(ok);
    expect(readdirSync(scratch)).toEqual(["a"]);
  });

  test("a folder that the policy names and the disk lacks is told once", async () => {
    const sandbox = make();
    const gone = join(base, "gone");
    const context = { policy: { ...workspaceWrite, writable_roots: [gone] } };
    await runScript(sandbox, "true", { context });
    await runScript(sandbox, "true", { context });
    expect(warnings).toEqual([
      `the writable folder ${gone} does not exist: commands cannot write to it`,
    ]);
  });

  test("exit codes and signals come through", async () => {
    const sandbox = make();
    expect((await runScript(sandbox, "exit 7")).exit).toEqual({ code: 7, signal: null });
    expect((await runScript(sandbox, "kill -TERM $$")).exit).toEqual({ code: 143, signal: null });
    const killed = await runScript(sandbox, "sleep 60", {
      whileRunning: (pid) => {
        process.kill(pid, "SIGKILL");
      },
    });
    expect(killed).toMatchObject({
      exit: { code: null, signal: "SIGKILL" },
      outcome: { kind: "ran" },
    });
  });

  test("a program that is not there is told from a sandbox that does not start", async () => {
    const sandbox = make();
    expect((await runConfined(sandbox, ws, ["no-such-program"])).outcome).toEqual({
      kind: "command_not_found",
      message: "command not found: no-such-program",
    });
    const gone = folder("gone");
    const run = await runScript(sandbox, "true", {
      context: { policy: { ...workspaceWrite, writable_roots: [gone] } },
      beforeLaunch: () => rmSync(gone, { recursive: true }),
    });
    expect(run.outcome).toEqual({
      kind: "setup_failed",
      message: `the sandbox could not start: Can't find source path ${gone}: No such file or directory`,
    });
  });

  test("works without the C library", async () => {
    const run = await runScript(
      make({ nativeCalls: false }),
      "touch inside && touch ../outside; echo x > /dev/tcp/127.0.0.1/9",
    );
    expect(run).toMatchObject({ sandbox: "bwrap", outcome: { kind: "ran" } });
    expect(run.stderr).toContain("Read-only file system");
    expect(run.stderr).toContain("Operation not permitted");
    expect(existsSync(join(ws, "inside"))).toBe(true);
  });

  test.skipIf(!isRoot)("an ordinary user is confined the same way", async () => {
    chownSync(ws, 65534, 65534);
    const run = await runScript(
      make(),
      "id -u; touch inside ../outside; touch .codex/x; echo x > /dev/tcp/127.0.0.1/9 || echo refused",
      { prefix: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] },
    );
    expect(run.stdout).toBe("65534\nrefused\n");
    expect(run.stderr.match(/Read-only file system/g)).toHaveLength(2);
    expect(readdirSync(ws)).toEqual(["inside"]);
  });

  test("two sandboxes side by side know nothing of each other", async () => {
    const runs = await Promise.all(
      [make(), make()].map((sandbox) => runScript(sandbox, "touch .codex/x || echo refused")),
    );
    expect(runs.map(({ stdout }) => stdout)).toEqual(["refused\n", "refused\n"]);
    expect(readdirSync(ws)).toEqual([]);
  });
});

describe("policies that ask for no sandbox", () => {
  test.each([
    [{ type: "danger-full-access" }, {}],
    [{ type: "external-sandbox", network_access: "enabled" }, {}],
    [{ type: "external-sandbox" }, { CODEX_SANDBOX_NETWORK_DISABLED: "1" }],
  ] as const)("%j gives the command back as it is", async (policy, addedEnv) => {
    const command = { argv: ["true"], cwd: ws, env: { PATH: searchPath } } as const;
    const prepared = await make({ env: {} }).prepare(command, { policy, policyCwd: ws });
    expect(prepared).toMatchObject({
      sandbox: "none",
      argv: ["true"],
      cwd: ws,
      env: { PATH: searchPath, ...addedEnv },
      extraStdio: [],
      networkDisabled: false,
    });
    await prepared[Symbol.asyncDispose]();
  });

  test("what a person allowed runs bare", async () => {
    const command = { argv: ["true"], cwd: ws, env: { A: "b" } } as const;
    const prepared = make().prepareUnconfined(command);
    expect({ argv: prepared.argv, env: prepared.env, sandbox: prepared.sandbox }).toEqual({
      argv: ["true"],
      env: { A: "b" },
      sandbox: "none",
    });
  });
});

describe("machines without bubblewrap", () => {
  test.each(["darwin", "win32", "freebsd"] as const)(
    "%s says so, and refuses",
    async (platform) => {
      const sandbox = make({ platform });
      const report = await sandbox.report();
      expect(report.step).toBe("none");
      expect(report.warnings).toHaveLength(1);
      expect(report.warnings[0]).toMatch(/cannot be confined/);
      await expect(runScript(sandbox, "true")).rejects.toMatchObject({
        code: "sandbox_unavailable",
      });
    },
  );

  test.skipIf(!isLinux)(
    "with nothing to step down to, the refusal says what to install",
    async () => {
      const sandbox = make({ env: { PATH: folder("tools") }, nativeCalls: false });
      const refusal = await runScript(sandbox, "true").catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(SandboxError);
      expect(refusal).toMatchObject({
        code: "sandbox_unavailable",
        message: expect.stringMatching(
          /^the policy asks for a sandbox; could not find system bubblewrap on PATH; install bubblewrap(: | with )/,
        ) as string,
      });
    },
  );

  test.skipIf(!isLinux)("a bubblewrap that is refused is tried once, and explained", async () => {
    const tools = folder("tools");
    const log = join(base, "log");
    writeFileSync(
      join(tools, "bwrap"),
      `#!/bin/sh\necho run >> ${log}\necho "bwrap: No permissions to create a new namespace" >&2\nexit 1\n`,
      { mode: 0o755 },
    );
    const sandbox = make({ env: { PATH: tools } });
    const [first, second] = [await sandbox.report(), await sandbox.report()];
    expect(second).toEqual(first);
    expect(first.step).not.toBe("bwrap");
    expect(first.warnings[0]).toContain("No permissions to create a new namespace");
    expect(readFileSync(log, "utf8")).toBe("run\n");
  });

  test.skipIf(!isLinux)("an aborted report rejects, and the next one is not harmed", async () => {
    const sandbox = make();
    await expect(sandbox.report(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
    const controller = new AbortController();
    const reporting = sandbox.report(controller.signal);
    controller.abort(new Error("stop now"));
    await expect(reporting).rejects.toThrow("stop now");
    expect((await sandbox.report()).step).not.toBe("none");
  });
});
