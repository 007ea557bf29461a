import { chown, mkdir } from "node:fs/promises";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { createRulebook } from "@codex-ts/exec-policy";
import { temporaryDirectory } from "@codex-ts/test-support";
import { afterAll, describe, expect, test } from "vitest";
import { type ConfinedEnd, findDenial } from "./denial-evidence.ts";
import { createShellTool } from "./shell-tools.ts";
import { localTestEnvironment, testTurn } from "./tool-context.fixture.ts";

const cwd = fromAbsolute("/workspace");
const base: ConfinedEnd = {
  sandbox: "bwrap",
  exitCode: 1,
  startFailure: null,
  networkDisabled: true,
  output: "",
  cwd,
  context: { policy: { type: "read-only" }, policyCwd: cwd },
  tmpdir: undefined,
};
const judge = (output: string, parts: Partial<ConfinedEnd> = {}) =>
  findDenial({ ...base, output, ...parts });

describe("what shows that the sandbox stopped a command", () => {
  test("its own report that it could not be set up, but not a command that was not found", () => {
    const startFailure = "the sandbox could not start: no user namespace";
    expect(judge("", { startFailure })).toEqual({ kind: "status", message: startFailure });
    expect(judge("", { startFailure: "command not found: x", exitCode: 127 })).toBeNull();
  });

  test("an exit by SIGSYS", () => {
    expect(judge("", { exitCode: 159 })).toEqual({ kind: "signal", signal: "SIGSYS" });
  });

  test("an error about a path that the policy keeps, in whatever way a program spells it", async () => {
    await using folder = await temporaryDirectory();
    const path = folder.join("x");
    const spelled = [
      [`touch: cannot touch '${path}': Read-only file system`, "EROFS"],
      [`/bin/sh: 1: cannot create ${path}: Read-only file system`, "EROFS"],
      [`OSError: [Errno 30] Dateisystem nur lesbar: '${path}'`, "EROFS"],
      [`Error: EROFS: read-only file system, open '${path}'`, "EROFS"],
      [`error: ${path}: Le système de fichiers (os error 30)`, "EROFS"],
    ] as const;
    expect(spelled.map(([line]) => judge(`${line}\nmake: *** failed\n`))).toEqual(
      spelled.map(([, errno]) => ({ kind: "path", errno, path })),
    );
    // The same where the policy lets it be written is an error of another kind.
    const context = {
      policyCwd: cwd,
      policy: { type: "workspace-write" as const, writable_roots: [folder.path] },
    };
    expect(spelled.map(([line]) => judge(line, { context }))).toEqual(spelled.map(() => null));
  });

  test("an error of the network, if that is cut off", () => {
    const lines = [
      "curl: (6) Could not resolve host: example.com",
      "connect: Network is unreachable",
      "socket: Operation not permitted",
    ];
    expect(lines.map((line) => judge(line)?.kind)).toEqual(["network", "network", "network"]);
    expect(lines.slice(0, 2).map((line) => judge(line, { networkDisabled: false }))).toEqual([
      null,
      null,
    ]);
  });

  test("an error about a path only if it is the one that this sandbox gives for it", async () => {
    await using folder = await temporaryDirectory();
    await folder.write({ file: "" });
    const path = folder.join("file");
    const line = (words: string) => `cat: ${path}: ${words}`;
    const [denied, readOnly, missing, notPermitted] = [
      "Permission denied",
      "Read-only file system",
      "No such file or directory",
      "Operation not permitted",
    ].map(line) as [string, string, string, string];
    const kindsBy = (sandbox: ConfinedEnd["sandbox"], parts: Partial<ConfinedEnd> = {}) =>
      [denied, readOnly, missing, notPermitted].map(
        (output) => judge(output, { sandbox, ...parts })?.kind ?? null,
      );
    expect(kindsBy("bwrap")).toEqual([null, "path", null, null]);
    expect(kindsBy("landlock")).toEqual(["path", null, null, null]);
    expect(kindsBy("landlock", { exitCode: 126 })).toEqual([null, null, null, null]);
    expect(kindsBy("seatbelt")).toEqual([null, null, null, "path"]);
    // A path that may not be read is covered, or is not there at all.
    const closed = { path: { type: "path" as const, path }, access: "none" as const };
    const root = { path: { type: "special" as const, value: { kind: "root" as const } } };
    const context = {
      policyCwd: cwd,
      policy: { type: "read-only" as const },
      fileSystem: {
        kind: "restricted" as const,
        entries: [{ ...root, access: "read" as const }, closed],
      },
    };
    expect(kindsBy("bwrap", { context })).toEqual(["path", "path", "path", null]);
  });

  test.runIf(process.geteuid?.() !== 0)("a file of root's own is closed to us anyway", () => {
    const output = "cat: /etc/shadow: Permission denied";
    expect([judge(output), judge(output, { sandbox: "landlock" })]).toEqual([null, null]);
  });

  test.runIf(process.geteuid?.() === 0)(
    "root's lack of capabilities, for what belongs to others",
    async () => {
      await using folder = await temporaryDirectory();
      await folder.write({ file: "" });
      const output = `cat: ${folder.join("file")}: Permission denied`;
      expect(judge(output)).toBeNull();
      await chown(folder.join("file"), 65_534, 65_534);
      expect(judge(output)).toMatchObject({ kind: "path", errno: "EACCES" });
    },
  );

  test("never: success, no sandbox, silence, or words alone", () => {
    expect(judge("cannot touch '/x': Read-only file system", { exitCode: 0 })).toBeNull();
    expect(judge("cannot touch '/x': Read-only file system", { sandbox: "none" })).toBeNull();
    expect(judge("")).toBeNull();
    expect(judge("Operation not permitted")).toBeNull();
    expect(judge("Permission denied")).toBeNull();
    const server = "remote: kim: Permission denied (publickey).";
    expect(judge(server, { sandbox: "landlock" })).toBeNull();
    expect(judge("Read-only file system")).toBeNull();
    expect(judge("FAIL src/sandbox.test.ts > the sandbox uses seccomp and landlock")).toBeNull();
  });
});

describe.each([false, true])("real commands, under Landlock: %s", async (useLandlock) => {
  const errno = useLandlock ? "EACCES" : "EROFS";
  const local = await localTestEnvironment({ useLandlock });
  afterAll(() => local[Symbol.asyncDispose]());
  const shell = createShellTool(
    "shell",
    {
      allowLoginShell: false,
      additionalPermissions: false,
      approveInside: false,
      rules: createRulebook(),
    },
    /*offered*/ true,
  );
  const run = async (script: string) => {
    await using turn = testTurn(await temporaryDirectory(), {
      environment: local.environment,
      sandboxPolicy: { type: "read-only" },
      approvalPolicy: "on-failure",
    });
    await mkdir(turn.folder.join("folder"));
    turn.decisions.push("denied");
    await turn.run(shell, { command: ["bash", "-c", script] });
    return turn.questions.map(({ reason }) => reason?.replaceAll(turn.folder.path, "DIR"));
  };

  test.each([
    ["echo x > written", `it may not use DIR/written (${errno}). Run it again`],
    ["LC_ALL=C mkdir folder/inner", `it may not use DIR/folder/inner (${errno})`],
    [`node -e 'require("fs").writeFileSync("n", "")'`, `it may not use DIR/n (${errno})`],
    ["exec 3<>/dev/tcp/127.0.0.1/9", "it has no network (EPERM)"],
  ])("%s is asked about again, with what stopped it", async (script, reason) => {
    expect(await run(script)).toEqual([expect.stringContaining(reason)]);
  });

  test.each([
    "echo sandbox seccomp landlock; exit 1",
    "echo Permission denied; echo Operation not permitted >&2; exit 1",
    `echo "EROFS: read-only file system"; exit 1`,
    `grep "Permission denied" /etc/passwd`,
    `echo "grep: /etc/passwd: Permission denied, says the log" | grep -c sandbox`,
    "cat missing",
    "test -e nothing",
    "./folder",
    "no-such-program",
    "grep pattern folder",
  ])("%s is not", async (script) => {
    expect(await run(script)).toEqual([]);
  });
});
