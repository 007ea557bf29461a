import { execFileSync } from "node:child_process";
import { readFile, utimes } from "node:fs/promises";
import { createPolicy, createRulebook, parseRules } from "@codex-ts/exec-policy";
import type { Environment } from "@codex-ts/exec-server";
import type { AskForApproval, SandboxPolicy } from "@codex-ts/protocol";
import { SandboxError } from "@codex-ts/sandboxing";
import { isAlive, temporaryDirectory, waitFor } from "@codex-ts/test-support";
import { afterAll, describe, expect, test } from "vitest";
import { createExecCommandTool } from "./exec-command.ts";
import { type CommandToolOptions, createShellTool } from "./shell-tools.ts";
import type { ToolContext } from "./tool.ts";
import { localTestEnvironment, testTurn } from "./tool-context.fixture.ts";

const options: CommandToolOptions = {
  allowLoginShell: true,
  additionalPermissions: false,
  approveInside: false,
  rules: createRulebook(),
};
const shell = createShellTool("shell", options, /*offered*/ true);
const shellCommand = createShellTool("shell_command", options, /*offered*/ true);
const execCommand = createExecCommandTool(options);
const local = await localTestEnvironment();
afterAll(() => local[Symbol.asyncDispose]());

const turnWith = async (parts: Partial<ToolContext> = {}) =>
  testTurn(await temporaryDirectory(), { environment: local.environment, ...parts });

describe("shell", () => {
  test("answers with the structured result and tells of begin, output and end", async () => {
    await using turn = await turnWith();
    const command = ["/bin/sh", "-c", "echo out; exit 3"];
    const output = await turn.run(shell, { command });
    expect(JSON.parse(String(output))).toEqual({
      output: "out\n",
      metadata: { exit_code: 3, duration_seconds: expect.any(Number) },
    });
    const facts = {
      call_id: "call-1",
      turn_id: "turn-1",
      command,
      cwd: turn.folder.path,
      parsed_cmd: [{ type: "unknown", cmd: "echo out; exit 3" }],
      source: "agent",
    };
    expect(turn.events).toEqual([
      { type: "exec_command_begin", ...facts },
      {
        type: "exec_command_output_delta",
        call_id: "call-1",
        stream: "stdout",
        chunk: Buffer.from("out\n").toString("base64"),
      },
      {
        type: "exec_command_end",
        ...facts,
        stdout: "out\n",
        stderr: "",
        aggregated_output: "out\n",
        exit_code: 3,
        duration: { secs: expect.any(Number), nanos: expect.any(Number) },
        formatted_output: "out\n",
        status: "failed",
      },
    ]);
  });

  test("runs in workdir; a relative one starts at the turn's folder, an empty one is absent", async () => {
    await using turn = await turnWith();
    await turn.folder.write({ "sub/file": "" });
    const outputs = [];
    for (const workdir of ["sub", turn.folder.join("sub"), ""]) {
      const output = await turn.run(shell, { command: ["pwd"], workdir });
      outputs.push((JSON.parse(String(output)) as { output: string }).output);
    }
    expect(outputs).toEqual([
      `${turn.folder.join("sub")}\n`,
      `${turn.folder.join("sub")}\n`,
      `${turn.folder.path}\n`,
    ]);
  });

  test("gives the command the turn's environment and nothing else", async () => {
    await using turn = await turnWith({ childEnv: { PATH: "/usr/bin:/bin", ONLY: "this" } });
    const output = await turn.run(shell, { command: ["env"] });
    const lines = (JSON.parse(String(output)) as { output: string }).output.trim().split("\n");
    expect(lines.filter((line) => !/^(PWD|SHLVL|_)=/.test(line)).sort()).toEqual([
      "ONLY=this",
      "PATH=/usr/bin:/bin",
    ]);
  });

  test("a time limit is told above the output", async () => {
    await using turn = await turnWith();
    const output = await turn.run(shell, {
      command: ["/bin/sh", "-c", "echo begun; sleep 30"],
      timeout: 200,
    });
    expect(JSON.parse(String(output))).toMatchObject({
      output: expect.stringMatching(/^command timed out after \d+ milliseconds\nbegun\n$/),
      metadata: { exit_code: 124 },
    });
  });

  test("a program that does not exist is told in one line", async () => {
    await using turn = await turnWith();
    const name = `no-such-${"x".repeat(8000)}`;
    const output = String(await turn.run(shell, { command: [name] }));
    expect(JSON.parse(output)).toMatchObject({ metadata: { exit_code: 127 } });
    expect(output.length).toBeLessThan(10 * 1024);
    expect(turn.eventsOf("exec_command_end")).toMatchObject([{ status: "failed", exit_code: 127 }]);
  });

  test("a folder that does not exist is named", async () => {
    await using turn = await turnWith();
    const output = await turn.run(shell, { command: ["true"], workdir: "no/such/folder" });
    expect(output).toMatch(/no\/such\/folder/);
    expect(turn.eventsOf("exec_command_end")).toMatchObject([{ status: "failed" }]);
  });

  test("an interrupt stops the whole group; the client gets what was printed", async () => {
    const abort = new AbortController();
    await using turn = await turnWith();
    const running = turn.run(
      shell,
      { command: ["/bin/sh", "-c", "sleep 60 & echo $!; wait"] },
      { signal: abort.signal },
    );
    await waitFor(() => turn.eventsOf("exec_command_output_delta").length > 0);
    abort.abort();
    expect(await running).toMatch(/^Wall time: \d+\.\d seconds\naborted by user$/);
    const [end] = turn.eventsOf("exec_command_end");
    expect(end).toMatchObject({ status: "failed", stdout: expect.stringMatching(/^\d+\n$/) });
    await waitFor(() => !isAlive(Number(end?.stdout)));
  });

  test.each([
    ["{}", /^failed to parse function arguments: missing field `command`$/],
    ['{"command":[]}', /`command` is empty/],
    ['{"command":"ls"}', /`command` must be a list of strings/],
    ['{"command":["ls"],"timeout_ms":-1}', /`timeout_ms` must be a whole number/],
    ['{"command":["ls"],"sandbox_permissions":"all"}', /`sandbox_permissions` must be one of/],
  ])("%s is refused before anything runs", async (json, message) => {
    await using turn = await turnWith();
    expect(await turn.run(shell, { kind: "function", arguments: json })).toMatch(message);
    expect(turn.events).toEqual([]);
  });

  test("a local shell call runs like any other, under its own limits", async () => {
    await using turn = await turnWith();
    const localShell = createShellTool("local_shell", options, /*offered*/ false);
    const payload = {
      kind: "local_shell",
      command: ["pwd"],
      workdir: "/",
      timeoutMs: null,
    } as const;
    expect(JSON.parse(String(await turn.run(localShell, payload)))).toMatchObject({
      output: "/\n",
    });
  });
});

describe("shell_command", () => {
  test("answers in plain text", async () => {
    await using turn = await turnWith();
    expect(await turn.run(shellCommand, { command: "echo hi", login: false })).toMatch(
      /^Exit code: 0\nWall time: \d+(\.\d)? seconds\nOutput:\nhi\n$/,
    );
  });

  test("the shell is a login shell unless the call or the settings say otherwise", async () => {
    const flags: unknown[] = [];
    for (const [allowLoginShell, args] of [
      [true, {}],
      [true, { login: false }],
      [false, {}],
    ] as const) {
      await using turn = await turnWith({ allowLoginShell });
      await turn.run(shellCommand, { command: "true", ...args });
      flags.push(turn.eventsOf("exec_command_begin")[0]?.command[1]);
    }
    expect(flags).toEqual(["-lc", "-c", "-c"]);
  });

  test("a login shell that is not allowed is refused", async () => {
    await using turn = await turnWith({ allowLoginShell: false });
    expect(await turn.run(shellCommand, { command: "true", login: true })).toMatch(
      /login shells are turned off/,
    );
  });

  test.each(["", "   "])("an empty script %j does no harm", async (command) => {
    await using turn = await turnWith();
    expect(await turn.run(shellCommand, { command })).toMatch(/^Exit code: 0\n/);
  });
});

const readOnly: SandboxPolicy = { type: "read-only" };

describe("approvals of commands", () => {
  test.each(["never", "untrusted", "on-failure"] as const)(
    "under %s a command that asks to leave the sandbox is refused, the same without runs",
    async (approvalPolicy) => {
      await using turn = await turnWith({ approvalPolicy });
      const args = { command: ["echo", "hi"] };
      const asking = { ...args, sandbox_permissions: "require_escalated" };
      expect(await turn.run(shell, asking)).toMatch(
        new RegExp(`^the approval policy is ${approvalPolicy}, under which`),
      );
      expect(turn.events).toEqual([]);
      expect(await turn.run(shell, args)).toMatch(/hi/);
    },
  );

  test("on-request asks with the model's justification, and runs unconfined what is approved", async () => {
    await using turn = await turnWith({ sandboxPolicy: readOnly });
    const target = turn.folder.join("written");
    const command = ["/bin/sh", "-c", `echo x > ${target}`];
    turn.decisions.push("approved");
    await turn.run(shell, {
      command,
      sandbox_permissions: "require_escalated",
      justification: "May I write?",
    });
    expect(turn.questions).toEqual([
      {
        kind: "command",
        callId: "call-1",
        tool: "shell",
        command,
        parsedCommand: [{ type: "unknown", cmd: `echo x > ${target}` }],
        cwd: turn.folder.path,
        reason: "May I write?",
        justification: "May I write?",
        isUnconfined: true,
        additionalPermissions: undefined,
        amendment: { prefix: command, general: null },
        keys: [expect.stringContaining("require_escalated")],
        availableDecisions: [
          "approved",
          "approved_for_session",
          { approved_execpolicy_amendment: { proposed_execpolicy_amendment: command } },
          "abort",
        ],
      },
    ]);
    expect(await readFile(target, "utf8")).toBe("x\n");
  });

  test("a refusal is told to the model, and declined for the client", async () => {
    await using turn = await turnWith({ approvalPolicy: "untrusted" });
    turn.decisions.push("denied");
    expect(await turn.run(shell, { command: ["git", "reset", "--hard"] })).toBe(
      "exec command rejected by user",
    );
    expect(turn.eventsOf("exec_command_end")).toMatchObject([
      { status: "declined", exit_code: -1, stderr: "exec command rejected by user" },
    ]);
  });

  test("what runs unasked because it only looks leaves the index of git as it is", async () => {
    await using turn = await turnWith({ approvalPolicy: "untrusted" });
    const { folder } = turn;
    await folder.write({ "a.txt": "a" });
    const git = (...args: readonly string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], {
        cwd: folder.path,
      });
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "one");
    const index = () => readFile(folder.join(".git/index"));
    await utimes(folder.join("a.txt"), new Date("2001-01-01"), new Date("2001-01-01"));
    const before = await index();
    await turn.run(shell, { command: ["git", "status", "-s"] });
    await turn.run(execCommand, { cmd: "git status -s" });
    expect(await index()).toEqual(before);
    // What runs unasked anyway is not held to that.
    const anyway = testTurn(folder, { environment: local.environment });
    await anyway.run(shell, { command: ["git", "status", "-s"] });
    expect(await index()).not.toEqual(before);
  });

  test("untrusted does not ask about what is known to be harmless", async () => {
    await using turn = await turnWith({ approvalPolicy: "untrusted" });
    expect(await turn.run(shell, { command: ["echo", "x"] })).toMatch(/x/);
    expect(turn.questions).toEqual([]);
  });

  test("what is approved for the session is not asked again, however the shell is spelled", async () => {
    await using turn = await turnWith({ approvalPolicy: "untrusted" });
    turn.decisions.push("approved_for_session");
    await turn.run(shell, { command: ["bash", "-lc", "test  -d ."] });
    await turn.run(shell, { command: ["/bin/bash", "-lc", "test -d ."] });
    expect(turn.questions).toHaveLength(1);
    turn.decisions.push("denied");
    await turn.run(shell, { command: ["bash", "-lc", "test -d ."], workdir: "/" });
    expect(turn.questions).toHaveLength(2);
  });

  test("a dangerous command is asked about although nothing confines it, and forbidden under never", async () => {
    await using turn = await turnWith();
    turn.decisions.push("denied");
    await turn.run(shell, { command: ["rm", "-rf", "nothing"] });
    expect(turn.questions).toHaveLength(1);
    await using confined = await turnWith({ approvalPolicy: "never", sandboxPolicy: readOnly });
    expect(await confined.run(shell, { command: ["rm", "-rf", "nothing"] })).toBe(
      "`rm -rf nothing` rejected: it may destroy more than is meant, and the approval policy is never to ask",
    );
    expect(confined.eventsOf("exec_command_end")).toMatchObject([{ status: "declined" }]);
  });

  test("a harmless command that asks to leave the sandbox stays inside, unasked", async () => {
    await using turn = await turnWith({ sandboxPolicy: readOnly, approvalPolicy: "on-request" });
    const seen: string[] = [];
    const environment: Environment = {
      ...turn.context.environment,
      start: (request, signal) => {
        seen.push(request.confinement.kind);
        return turn.context.environment.start(request, signal);
      },
    };
    await using watched = await turnWith({ sandboxPolicy: readOnly, environment });
    await watched.run(shell, { command: ["true"], sandbox_permissions: "require_escalated" });
    expect(seen).toEqual(["sandboxed"]);
    expect(watched.questions).toEqual([]);
  });

  test("granular can escalate where it may ask about the sandbox", async () => {
    const granular = (sandbox_approval: boolean): AskForApproval => ({
      granular: { sandbox_approval, rules: true, mcp_elicitations: true },
    });
    const args = { command: ["touch", "x"], sandbox_permissions: "require_escalated" };
    await using asking = await turnWith({
      approvalPolicy: granular(/*sandbox_approval*/ true),
      sandboxPolicy: readOnly,
    });
    asking.decisions.push("denied");
    await asking.run(shell, args);
    expect(asking.questions).toHaveLength(1);
    await using silent = await turnWith({ approvalPolicy: granular(/*sandbox_approval*/ false) });
    expect(await silent.run(shell, args)).toMatch(/the approval policy is granular/);
  });

  test("a rule that forbids is told with its place", async () => {
    await using turn = await turnWith();
    const rules = parseRules('prefix_rule(["echo"], "forbidden")', "/rules/a.rules");
    const forbidding = createShellTool(
      "shell",
      {
        ...options,
        rules: createRulebook({ policy: createPolicy([rules]) }),
      },
      /*offered*/ true,
    );
    const refusal =
      "`echo blocked` rejected: a rule forbids commands that begin with `echo` (/rules/a.rules:1)";
    expect(await turn.run(forbidding, { command: ["echo", "blocked"] })).toBe(refusal);
    expect(turn.eventsOf("exec_command_end")).toMatchObject([
      { status: "declined", stderr: refusal },
    ]);
  });
});

describe("a sandbox that stops the command", () => {
  const write = { command: ["/bin/sh", "-c", "echo x > written"] };

  test("under on-request and never is told to the model", async () => {
    for (const approvalPolicy of ["on-request", "never"] as const) {
      await using turn = await turnWith({ sandboxPolicy: readOnly, approvalPolicy });
      expect(JSON.parse(String(await turn.run(shell, write)))).toMatchObject({
        metadata: { exit_code: expect.not.stringMatching("^0$") },
        output: expect.stringMatching(/read-only|permission denied/i),
      });
      expect(turn.questions).toEqual([]);
    }
  });

  test("under on-failure is put to the person, who may let it run again without", async () => {
    await using turn = await turnWith({ sandboxPolicy: readOnly, approvalPolicy: "on-failure" });
    turn.decisions.push("approved");
    expect(JSON.parse(String(await turn.run(shell, write)))).toMatchObject({
      metadata: { exit_code: 0 },
    });
    expect(turn.questions).toMatchObject([
      { reason: expect.stringMatching(/without the sandbox/), command: write.command },
    ]);
    expect(await readFile(turn.folder.join("written"), "utf8")).toBe("x\n");
    expect(turn.eventsOf("exec_command_begin")).toHaveLength(1);
    expect(turn.eventsOf("exec_command_end")).toMatchObject([{ status: "completed" }]);
  });

  test("and a person who refuses: the command counts as declined", async () => {
    await using turn = await turnWith({ sandboxPolicy: readOnly, approvalPolicy: "on-failure" });
    turn.decisions.push("denied");
    expect(await turn.run(shell, write)).toBe("exec command rejected by user");
    expect(turn.eventsOf("exec_command_end")).toMatchObject([{ status: "declined" }]);
  });

  test("after an approval is not asked about again", async () => {
    await using turn = await turnWith({ sandboxPolicy: readOnly, approvalPolicy: "untrusted" });
    turn.decisions.push("approved");
    await turn.run(shell, write);
    expect(turn.questions).toHaveLength(1);
    expect(await readFile(turn.folder.join("written"), "utf8")).toBe("x\n");
  });
});

describe("a machine without a sandbox", () => {
  const unavailable = new SandboxError(
    "sandbox_unavailable",
    "no sandbox here; install bubblewrap",
  );

  function withoutSandbox(environment: Environment): Environment {
    return {
      ...environment,
      start: async (request, signal) => {
        if (request.confinement.kind === "sandboxed") throw unavailable;
        return environment.start(request, signal);
      },
    };
  }

  test("runs nothing confined under never, and says why", async () => {
    await using turn = await turnWith({
      sandboxPolicy: readOnly,
      approvalPolicy: "never",
      environment: withoutSandbox(local.environment),
    });
    expect(await turn.run(shell, { command: ["true"] })).toBe(
      "no sandbox here; install bubblewrap",
    );
  });

  test("asks, and runs unconfined when the person agrees", async () => {
    await using turn = await turnWith({
      sandboxPolicy: readOnly,
      environment: withoutSandbox(local.environment),
    });
    turn.decisions.push("approved");
    expect(await turn.run(shell, { command: ["echo", "hi"] })).toMatch(/hi/);
    expect(turn.questions).toMatchObject([
      { reason: expect.stringMatching(/cannot be used here/) },
    ]);
  });
});

describe("additional permissions", () => {
  const granting = createShellTool(
    "shell",
    { ...options, additionalPermissions: true },
    /*offered*/ true,
  );
  const asking = (permissions: object | undefined) => ({
    command: ["/bin/sh", "-c", "echo x > sub/written"],
    sandbox_permissions: "with_additional_permissions",
    additional_permissions: permissions,
  });

  test("widen the sandbox for one command, once approved", async () => {
    await using turn = await turnWith({ sandboxPolicy: readOnly });
    await turn.folder.write({ "sub/file": "" });
    turn.decisions.push("approved");
    const output = await turn.run(granting, asking({ file_system: { write: ["sub"] } }));
    expect(JSON.parse(String(output))).toMatchObject({ metadata: { exit_code: 0 } });
    expect(turn.questions).toMatchObject([
      {
        additionalPermissions: { file_system: { write: [turn.folder.join("sub")] } },
        availableDecisions: ["approved", "abort"],
      },
    ]);
  });

  test.each([
    [shell, asking({ network: { enabled: true } }), /`exec_permission_approvals` turns them on/],
    [granting, asking({}), /needs `additional_permissions` that ask for something/],
    [
      granting,
      asking(/*permissions*/ undefined),
      /needs `additional_permissions` that ask for something/,
    ],
    [
      granting,
      { command: ["true"], additional_permissions: { network: { enabled: true } } },
      /need `sandbox_permissions` set to/,
    ],
  ])("that do not fit are refused: %#", async (tool, args, message) => {
    await using turn = await turnWith();
    expect(await turn.run(tool, args)).toMatch(message);
    expect(turn.events).toEqual([]);
  });
});

describe("a patch in a shell command", () => {
  const heredoc =
    "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: a.txt\n+x\n*** End Patch\nEOF";

  test("is applied as a patch, in the folder that it changes to", async () => {
    await using turn = await turnWith();
    await turn.folder.write({ "sub/file": "" });
    const output = await turn.run(shellCommand, { command: `cd sub && ${heredoc}` });
    expect(output).toContain("Success. Updated the following files:");
    expect(output).toContain("Use the apply_patch tool for patches.");
    expect(await readFile(turn.folder.join("sub/a.txt"), "utf8")).toBe("x\n");
    expect(turn.events.map(({ type }) => type)).toEqual([
      "patch_apply_begin",
      "patch_apply_end",
      "turn_diff",
    ]);
  });

  test("is put to the person as a patch", async () => {
    await using turn = await turnWith({ approvalPolicy: "untrusted" });
    turn.decisions.push("denied");
    expect(await turn.run(shell, { command: ["bash", "-lc", heredoc] })).toBe(
      "patch rejected by user",
    );
    expect(turn.questions).toMatchObject([{ kind: "patch", keys: [turn.folder.join("a.txt")] }]);
  });

  test("gains nothing from permissions that the call asks for", async () => {
    await using turn = await turnWith({ sandboxPolicy: readOnly });
    turn.decisions.push("denied");
    const granting = createShellTool(
      "shell",
      { ...options, additionalPermissions: true },
      /*offered*/ true,
    );
    await turn.run(granting, {
      command: ["bash", "-lc", heredoc],
      sandbox_permissions: "with_additional_permissions",
      additional_permissions: { file_system: { write: [turn.folder.path] } },
    });
    expect(turn.questions).toMatchObject([{ kind: "patch" }]);
  });

  test("alone, without the command, is not applied", async () => {
    await using turn = await turnWith();
    const command = ["*** Begin Patch\n*** Add File: a.txt\n+x\n*** End Patch"];
    expect(await turn.run(shell, { command })).toMatch(/^apply_patch verification failed: /);
    expect(turn.events).toEqual([]);
  });
});

test("shells are offered with their own arguments, in name order", () => {
  const parameters = (tool: typeof shell): unknown =>
    tool.spec?.type === "function" ? Object.keys(tool.spec.parameters.properties ?? {}) : null;
  expect([
    parameters(shell),
    parameters(shellCommand),
    parameters(
      createShellTool("shell_command", { ...options, allowLoginShell: false }, /*offered*/ true),
    ),
    createShellTool("local_shell", options, /*offered*/ true).spec,
    createShellTool("container.exec", options, /*offered*/ false).spec,
  ]).toEqual([
    ["command", "justification", "prefix_rule", "sandbox_permissions", "timeout_ms", "workdir"],
    [
      "command",
      "justification",
      "login",
      "prefix_rule",
      "sandbox_permissions",
      "timeout_ms",
      "workdir",
    ],
    ["command", "justification", "prefix_rule", "sandbox_permissions", "timeout_ms", "workdir"],
    { type: "local_shell" },
    undefined,
  ]);
});
