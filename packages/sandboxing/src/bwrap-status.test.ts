import { describe, expect, test } from "vitest";
import { bwrapProblem, explainBwrapProblem, isProcMountRefusal } from "./bwrap-probe.ts";
import { bwrapOutcome, parseBwrapStatus } from "./bwrap-status.ts";

const started = '{ "child-pid": 42, "mnt-namespace": 1 }\n';

test("the status documents are read one a line, and a torn one is left out", () => {
  expect(parseBwrapStatus("")).toEqual({ childPid: null, exitCode: null });
  expect(parseBwrapStatus(`${started}{ "exit-code": 3 }\n`)).toEqual({ childPid: 42, exitCode: 3 });
  expect(parseBwrapStatus(`${started}{ "exit-co`)).toEqual({ childPid: 42, exitCode: null });
});

describe("bwrapOutcome", () => {
  const outcome = (
    text: string,
    exit: { code: number | null; signal?: NodeJS.Signals },
    stderr: string,
  ) =>
    bwrapOutcome(parseBwrapStatus(text), { code: exit.code, signal: exit.signal ?? null }, stderr);

  test("a command that was executed ran, whatever it printed", () => {
    expect(
      outcome(
        `${started}{ "exit-code": 1 }`,
        { code: 1 },
        "bwrap: execvp x: No such file or directory",
      ),
    ).toEqual({ kind: "ran" });
    expect(outcome(started, { code: null, signal: "SIGKILL" }, "")).toEqual({ kind: "ran" });
  });

  test("a program that is not there, or is none", () => {
    expect(
      outcome(started, { code: 1 }, "bwrap: execvp nope: No such file or directory\n"),
    ).toEqual({
      kind: "command_not_found",
      message: "command not found: nope",
    });
    expect(outcome(started, { code: 1 }, "bwrap: execvp ./a: b: Permission denied\n")).toEqual({
      kind: "command_not_found",
      message: "./a: b cannot be executed: Permission denied",
    });
  });

  test("a sandbox that could not start says why", () => {
    expect(
      outcome(
        "",
        { code: 1 },
        "x\nbwrap: Can't find source path /gone: No such file or directory\n",
      ),
    ).toEqual({
      kind: "setup_failed",
      message:
        "the sandbox could not start: Can't find source path /gone: No such file or directory",
    });
    expect(outcome("", { code: 1 }, "")).toEqual({
      kind: "setup_failed",
      message: "the sandbox could not start, and bubblewrap does not say why",
    });
  });
});

test.each(["Invalid argument", "Operation not permitted", "Permission denied"])(
  "a refused /proc (%s) is told from other mounts",
  (reason) => {
    expect(isProcMountRefusal(`bwrap: Can't mount proc on /newroot/proc: ${reason}`)).toBe(true);
    expect(isProcMountRefusal(`bwrap: Can't bind mount /oldroot/ on /newroot/: ${reason}`)).toBe(
      false,
    );
  },
);

test.each([
  ["bwrap: Unknown option --perms", /upgrade/],
  ["bwrap: Creating new namespace failed: No space left on device", /max_user_namespaces/],
  ["bwrap: No permissions to create a new namespace", /AppArmor/],
  ["bwrap: setting up uid map: Permission denied", /AppArmor/],
  ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", /AppArmor/],
  ["bwrap: something new", /something new/],
])("a machine that refuses bubblewrap gets an explanation: %s", (stderr, expected) => {
  expect(explainBwrapProblem(bwrapProblem(stderr), stderr)).toMatch(expected);
});
