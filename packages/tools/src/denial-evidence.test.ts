import { mkdir } from "node:fs/promises";
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
      [`rm: cannot remove '${path}': Permission denied`, "EACCES"],
      [`chmod: changing permissions of '${path}': Operation not permitted`, "EPERM"],
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

  test("an errno alone, unless the exit code speaks of the command's own making", () => {
    expect(judge("Operation not permitted")).toEqual({ kind: "errno", errno: "EPERM" });
    expect(judge("Operation not permitted", { exitCode: 126 })).toBeNull();
  });

  test("never: success, no sandbox, silence, or the mere word", () => {
    expect(judge("Read-only file system", { exitCode: 0 })).toBeNull();
    expect(judge("Read-only file system", { sandbox: "none" })).toBeNull();
    expect(judge("")).toBeNull();
    expect(judge("FAIL src/sandbox.test.ts > the sandbox uses seccomp and landlock")).toBeNull();
  });
});

describe("real commands", async () => {
  const local = await localTestEnvironment();
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
    ["echo x > written", /: it may not use DIR\/written \(EROFS\)\. Run it again/],
    ["LC_ALL=C mkdir folder/inner", /it may not use DIR\/folder\/inner \(EROFS\)/],
    [`node -e 'require("fs").writeFileSync("n", "")'`, /it may not use DIR\/n \(EROFS\)/],
    ["exec 3<>/dev/tcp/127.0.0.1/9", /it has no network|failed with/],
  ])("%s is asked about again, with what stopped it", async (script, reason) => {
    expect(await run(script)).toEqual([expect.stringMatching(reason)]);
  });

  test.each([
    "echo sandbox seccomp landlock; exit 1",
    "cat missing",
    "test -e nothing",
    "./folder",
    "no-such-program",
    "grep pattern folder",
  ])("%s is not", async (script) => {
    expect(await run(script)).toEqual([]);
  });
});
