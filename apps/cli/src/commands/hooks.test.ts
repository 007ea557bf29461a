// Lifecycle hooks, as a person meets them: listed, tried out, and at work in a run.
import { existsSync, realpathSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { functionCall, message, respond } from "@codex-ts/scripted-model";
import { isAlive, waitFor } from "@codex-ts/test-support";
import { beforeAll, describe, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const switchedOn = "[features]\ncodex_hooks = true\n";
const done = respond([message("Done.")]);

function worldWith(
  options: { readonly hooks?: object; readonly tables?: string; readonly config?: string } = {},
  script = [done],
): Promise<CliWorld> {
  return cliWorld({
    script,
    config: options.config ?? switchedOn,
    ...(options.tables === undefined ? {} : { tables: options.tables }),
  }).then(async (world) => {
    if (options.hooks !== undefined) await hooksIn(world.home, options.hooks);
    return world;
  });
}

async function hooksIn(folder: string, hooks: object): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = nodePath.join(folder, "hooks.json");
  await writeFile(file, JSON.stringify({ hooks }, null, 1));
  return file;
}

const group = (command: string, more: object = {}) => ({
  hooks: [{ type: "command", command, ...more }],
});

async function trust(world: CliWorld, level: "trusted" | "untrusted"): Promise<void> {
  const file = nodePath.join(world.home, "config.toml");
  const table = `\n[projects.${JSON.stringify(realpathSync(world.repository))}]\ntrust_level = "${level}"\n`;
  await writeFile(file, (await readFile(file, "utf8")) + table);
}

describe("hooks list", () => {
  const tables = `
[[hooks.Stop]]

[[hooks.Stop.hooks]]
type = "command"
command = "./done.sh"
statusMessage = "asking"
`;

  async function mixedWorld(): Promise<CliWorld> {
    const world = await worldWith({
      tables,
      hooks: {
        PreToolUse: [{ matcher: "^Bash$", ...group("./vet.sh", { timeout: 20 }) }],
        SessionStart: [{ hooks: [{ type: "prompt", prompt: "x" }] }],
      },
    });
    await trust(world, "untrusted");
    await hooksIn(nodePath.join(world.repository, ".codex"), { Stop: [group("touch ran")] });
    return world;
  }

  test("says where each hook stands, and whether it runs or why not", async () => {
    await using world = await mixedWorld();
    const { code, stdout, stderr } = await world.run(["hooks", "list"]);
    const project = nodePath.join(realpathSync(world.repository), ".codex/hooks.json");
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stderr: "",
      stdout: `PreToolUse "^Bash$"
  command  ./vet.sh
  from     ${world.home}/hooks.json:7 (user)
  state    runs
SessionStart
  from     ${world.home}/hooks.json:18 (user)
  state    broken: hooks of the type "prompt" are not supported; only "command" is
Stop
  command  ./done.sh
  from     ${world.home}/config.toml:15 (user)
  state    runs
Stop
  command  touch ran
  from     ${project}:6 (project)
  state    untrusted: the project is not trusted
`,
    });
  });

  test("gives all of it as JSON", async () => {
    await using world = await mixedWorld();
    const { stdout } = await world.run(["hooks", "list", "--json"]);
    const { enabled, hooks, warnings } = JSON.parse(stdout) as Record<string, unknown>;
    const project = nodePath.join(realpathSync(world.repository), ".codex/hooks.json");
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    const source = (path: string, line: number, layer: string, sha256: string | null = hash) => ({
      path,
      line,
      layer,
      sha256,
    });
    const nothing = { matcher: null, command: null, timeoutMs: null, statusMessage: null };
    expect([enabled, warnings]).toEqual([
      true,
      [
        `A SessionStart hook in ${world.home}/hooks.json, line 18, is skipped: hooks of the type "prompt" are not supported; only "command" is`,
        `The hooks in ${project} do not run: the project is not trusted`,
      ],
    ]);
    expect(hooks).toEqual([
      {
        ...nothing,
        event: "PreToolUse",
        matcher: "^Bash$",
        command: "./vet.sh",
        dialect: "codex",
        timeoutMs: 20_000,
        source: source(`${world.home}/hooks.json`, /*line*/ 7, "user"),
        state: "runs",
        reason: null,
        displayOrder: 0,
      },
      {
        ...nothing,
        event: "SessionStart",
        dialect: "codex",
        source: source(`${world.home}/hooks.json`, /*line*/ 18, "user"),
        state: "broken",
        reason: 'hooks of the type "prompt" are not supported; only "command" is',
        displayOrder: null,
      },
      {
        ...nothing,
        event: "Stop",
        command: "./done.sh",
        dialect: "codex",
        timeoutMs: 600_000,
        statusMessage: "asking",
        source: source(`${world.home}/config.toml`, /*line*/ 15, "user", /*sha256*/ null),
        state: "runs",
        reason: null,
        displayOrder: 1,
      },
      {
        ...nothing,
        event: "Stop",
        command: "touch ran",
        dialect: "codex",
        timeoutMs: 600_000,
        source: source(project, /*line*/ 6, "project"),
        state: "untrusted",
        reason: "the project is not trusted",
        displayOrder: null,
      },
    ]);
  });

  test("lists what settings of Claude Code and Gemini CLI hold, where they are imported", async () => {
    await using world = await worldWith();
    await writeFile(
      nodePath.join(world.home, "claude.json"),
      JSON.stringify({ hooks: { PreToolUse: [{ matcher: "Edit|Write", ...group("./c.sh") }] } }),
    );
    await writeFile(
      nodePath.join(world.home, "gemini.json"),
      JSON.stringify({ hooks: { BeforeTool: [group("./g.sh")], BeforeModel: [group("./m.sh")] } }),
    );
    await hooksIn(world.home, {
      imports: [
        { dialect: "claude", path: "claude.json" },
        { dialect: "gemini", path: "gemini.json" },
      ],
    });
    const { stdout } = await world.run(["hooks", "list", "--json"]);
    const { hooks } = JSON.parse(stdout) as { hooks: Record<string, unknown>[] };
    expect(
      hooks.map(({ event, dialect, state, reason }) => [event, dialect, state, reason]),
    ).toEqual([
      ["PreToolUse", "claude", "runs", null],
      ["BeforeTool", "gemini", "runs", null],
      [
        "BeforeModel",
        "gemini",
        "broken",
        "requests to the model and its answers are not open to hooks",
      ],
    ]);
  });

  test("a file that cannot be read, and hooks that are switched off, are told", async () => {
    await using world = await worldWith({ config: "" });
    await writeFile(nodePath.join(world.home, "hooks.json"), "{");
    const { code, stdout, stderr } = await world.run(["hooks", "list"]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "No hooks are configured.\n",
      stderr: expect.stringMatching(
        /^Hooks are switched off: .*\nwarning: The hooks in .*hooks\.json cannot be read: .*\n$/,
      ) as string,
    });
  });
});

describe("hooks test", () => {
  const guard = {
    PreToolUse: [
      {
        matcher: "^Bash$",
        ...group(`grep -q 'rm -rf' && { echo "nothing is deleted here" >&2; exit 2; } || true`),
      },
    ],
  };

  test("runs an event's hooks on a payload and says what would come of it", async () => {
    await using world = await worldWith({ hooks: guard });
    const payload = nodePath.join(world.home, "payload.json");
    await writeFile(payload, JSON.stringify({ tool_input: { command: "rm -rf build" } }));
    const { code, stdout, stderr } = await world.run([
      "hooks",
      "test",
      "PreToolUse",
      "--input",
      payload,
    ]);
    expect({ code, stderr, stdout: stdout.replace(/\d+ ms/, "N ms") }).toEqual({
      code: 0,
      stderr: "",
      stdout: `blocked  ${guard.PreToolUse[0]?.hooks[0]?.command}
  from ${world.home}/hooks.json:7, N ms
  feedback: nothing is deleted here
=> the tool does not run: nothing is deleted here
`,
    });
  });

  test("takes the payload from standard input, and prints the outcome as JSON", async () => {
    await using world = await worldWith({ hooks: guard });
    const run = (command: string) =>
      world
        .run(["hooks", "test", "PreToolUse", "--input", "-", "--json"], {
          stdin: JSON.stringify({ tool_input: { command } }),
        })
        .then(({ stdout }) => JSON.parse(stdout) as unknown);
    const summary = (status: string, entries: readonly object[]) => ({
      id: expect.stringMatching(/^pre-tool-use:0:/) as string,
      event_name: "pre_tool_use",
      handler_type: "command",
      execution_mode: "sync",
      scope: "turn",
      source_path: `${world.home}/hooks.json`,
      display_order: 0,
      status,
      status_message: null,
      started_at: expect.any(Number) as number,
      completed_at: expect.any(Number) as number,
      duration_ms: expect.any(Number) as number,
      entries,
    });
    const reason = "nothing is deleted here";
    expect([await run("rm -rf /"), await run("ls")]).toEqual([
      {
        runs: [summary("blocked", [{ kind: "feedback", text: reason }])],
        warnings: [],
        cancelled: false,
        block: { reason, runId: expect.stringMatching(/^pre-tool-use:0:/) as string },
      },
      { runs: [summary("completed", [])], warnings: [], cancelled: false, block: null },
    ]);
  });

  test.each([
    ["SessionStart", "echo hello", "the session starts", "the model is told: hello"],
    ["UserPromptSubmit", "echo no >&2; exit 2", "the prompt is not sent: no"],
    ["PostToolUse", "echo no >&2; exit 2", "the model gets this in place of the output: no"],
    ["Stop", "echo more >&2; exit 2", "the turn goes on: more"],
    ["Stop", "true", "the turn ends"],
  ])("%s, `%s`", async (event, command, ...expected) => {
    await using world = await worldWith({ hooks: { [event]: [group(command)] } });
    const { stdout } = await world.run(["hooks", "test", event]);
    expect(stdout.split("\n").filter((line) => line.startsWith("=>"))).toEqual(
      expected.map((line) => `=> ${line}`),
    );
  });

  test("a hook is told exactly what belongs to its event", async () => {
    await using world = await worldWith({ hooks: { Stop: [group("cat > payload")] } });
    await world.run(["hooks", "test", "Stop"]);
    const cwd = realpathSync(world.repository);
    expect(JSON.parse(await readFile(nodePath.join(cwd, "payload"), "utf8"))).toEqual({
      session_id: "test",
      turn_id: "test",
      transcript_path: null,
      cwd,
      hook_event_name: "Stop",
      model: "test",
      permission_mode: "default",
      stop_hook_active: false,
      last_assistant_message: null,
    });
  });

  test("says so when no hook is for the payload, and what is wrong with one", async () => {
    await using world = await worldWith({ hooks: guard });
    const run = async (args: readonly string[], stdin = "") => {
      const { code, stdout, stderr } = await world.run(["hooks", "test", ...args], { stdin });
      return [code, stdout, stderr];
    };
    const input = ["PreToolUse", "--input", "-"];
    expect(await run(input, '{"tool_name":"view_image"}')).toEqual([
      0,
      "",
      "No PreToolUse hook is for this payload; see codex-ts hooks list\n",
    ]);
    expect(await run(["Stop", "--json"])).toEqual([
      0,
      '{"runs":[],"warnings":[],"cancelled":false,"stop":null,"block":null}\n',
      "",
    ]);
    expect(await run(["PreTool"])).toEqual([
      2,
      "",
      'Error: there is no hook event "PreTool"; the events are PreToolUse, PostToolUse, SessionStart, UserPromptSubmit, Stop\n',
    ]);
    expect(await run(input, '{"tool_name":3,"prompt":"x"}')).toEqual([
      1,
      "",
      expect.stringMatching(
        /^Error: this is no payload of a PreToolUse hook: tool_name: .*; .*prompt/,
      ) as string,
    ]);
    expect(await run(input, "[]")).toEqual([
      1,
      "",
      "Error: the payload standard input is not a JSON object\n",
    ]);
  });

  test("an interrupt ends the hook and its children", async () => {
    await using world = await worldWith({
      hooks: { Stop: [group("sleep 600 & echo $! > child; mv child pid; wait")] },
    });
    const running = world.start(["hooks", "test", "Stop"]);
    const file = nodePath.join(world.repository, "pid");
    await waitFor(() => existsSync(file));
    const pid = Number(await readFile(file, "utf8"));
    running.child.kill("SIGINT");
    expect(await running.done).toMatchObject({
      code: 130,
      stdout: expect.stringMatching(/\n=> interrupted\n$/) as string,
    });
    await waitFor(() => !isAlive(pid));
  });
});

describe("a run", () => {
  const hooks = {
    SessionStart: [group("echo Today is Monday.")],
    PreToolUse: [group("echo not here >&2; exit 2", { statusMessage: "vetting the command" })],
    Stop: [
      group(
        `grep -q '"stop_hook_active":true' || printf '{"decision":"block","reason":"run the tests"}'`,
      ),
    ],
  };
  const script = [
    respond([functionCall({ name: "exec_command", args: { cmd: "touch marker" }, callId: "c1" })]),
    respond([message("One.")]),
    respond([message("Two.")]),
  ];

  test("shows each hook's start, end and words to a person", async () => {
    await using world = await worldWith({ hooks }, script);
    const { code, stderr, stdout } = await world.run(["exec", "go"]);
    expect({ code, stdout, shown: stderr.split("\ngo\n")[1]?.replace(/\ntokens.*/s, "") }).toEqual({
      code: 0,
      stdout: "Two.\n",
      shown: `
hook: SessionStart
hook: SessionStart Completed
  context: Today is Monday.
hook: PreToolUse: vetting the command
hook: PreToolUse Blocked
  feedback: not here

codex-ts
One.

hook: Stop
hook: Stop Blocked
  feedback: run the tests

codex-ts
Two.

hook: Stop
hook: Stop Completed
`,
    });
    expect(existsSync(nodePath.join(world.repository, "marker"))).toBe(false);
  });

  test("announces them in --json, and what let the turn go on", async () => {
    await using world = await worldWith({ hooks }, script);
    const { events } = await world.run(["exec", "--json", "go"]);
    const shown = events().map((event) => {
      switch (event.type) {
        case "hook.started":
        case "hook.completed":
          return [event.type, event.run.event_name, event.run.status, event.run.entries];
        case "item.completed":
          return [event.item.type];
        default:
          return [event.type];
      }
    });
    const prompt = events().flatMap((event) =>
      event.type === "item.completed" && event.item.type === "hook_prompt" ? [event.item] : [],
    );
    expect(shown).toEqual([
      ["thread.started"],
      ["turn.started"],
      ["hook.started", "session_start", "running", []],
      [
        "hook.completed",
        "session_start",
        "completed",
        [{ kind: "context", text: "Today is Monday." }],
      ],
      ["hook.started", "pre_tool_use", "running", []],
      ["hook.completed", "pre_tool_use", "blocked", [{ kind: "feedback", text: "not here" }]],
      ["agent_message"],
      ["hook.started", "stop", "running", []],
      ["hook.completed", "stop", "blocked", [{ kind: "feedback", text: "run the tests" }]],
      ["hook_prompt"],
      ["agent_message"],
      ["hook.started", "stop", "running", []],
      ["hook.completed", "stop", "completed", []],
      ["turn.completed"],
    ]);
    expect(prompt).toEqual([
      {
        id: "item_1",
        type: "hook_prompt",
        fragments: [
          { text: "run the tests", hook_run_id: expect.stringMatching(/^stop:2:/) as string },
        ],
      },
    ]);
  });

  test("tells why a prompt went nowhere", async () => {
    await using world = await worldWith({
      hooks: { UserPromptSubmit: [group("echo no secrets >&2; exit 2")] },
    });
    const { code, stdout, stderr } = await world.run(["exec", "my secret"]);
    // The turn is over and nothing went wrong in it.
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain(
      "hook: UserPromptSubmit Blocked\n  feedback: no secrets\n\nwarning: A UserPromptSubmit hook refused the prompt; it was not sent: no secrets\n",
    );
    const strict = await world.run(["exec", "--json", "--fail-on-denied", "my secret"]);
    expect([strict.code, strict.events().at(-1)]).toEqual([
      1,
      {
        type: "turn.failed",
        error: { message: "the prompt was not allowed (--fail-on-denied)", code: "denied" },
      },
    ]);
    expect(world.model.requests).toEqual([]);
  });

  test("runs no hook of a project that is not trusted, config.toml or not, and says so", async () => {
    await using world = await worldWith();
    const folder = nodePath.join(world.repository, ".codex");
    const file = await hooksIn(folder, { SessionStart: [group("touch ran")] });
    const run = () => world.run(["exec", "go"]);
    const ran = () => existsSync(nodePath.join(world.repository, "ran"));
    const hooks = realpathSync(file);
    const warnings = async () => (await run()).stderr.match(/^warning: .* ignored: .*$/gm);
    expect(await warnings()).toEqual([
      expect.stringMatching(`^warning: ${hooks} is ignored: its project has not been marked`),
    ]);
    await writeFile(nodePath.join(folder, "config.toml"), "");
    expect(await warnings()).toEqual([
      expect.stringContaining(`config.toml, ${hooks} are ignored`),
    ]);
    expect(ran()).toBe(false);
    await trust(world, "trusted");
    expect(await warnings()).toBeNull();
    expect(ran()).toBe(true);
  });

  test("does nothing at all while the feature is off", async () => {
    await using world = await worldWith({ config: "", hooks: { Stop: [group("touch ran")] } });
    const { stderr } = await world.run(["exec", "go"]);
    expect(stderr).not.toContain("hook");
    expect(existsSync(nodePath.join(world.repository, "ran"))).toBe(false);
  });

  test("tells the notify program of a finished turn, hooks or none", async () => {
    const program = `require("node:fs").writeFileSync("told.tmp", process.argv[1]); require("node:fs").renameSync("told.tmp", "told")`;
    await using world = await worldWith({
      config: `notify = ["${process.execPath}", "-e", ${JSON.stringify(program)}, "--"]`,
    });
    await world.run(["exec", "go"]);
    const file = nodePath.join(world.repository, "told");
    await waitFor(() => existsSync(file));
    const argument = JSON.parse(await readFile(file, "utf8")) as object;
    expect(argument).toEqual({
      type: "agent-turn-complete",
      "thread-id": expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      "turn-id": expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      cwd: realpathSync(world.repository),
      client: "codex-ts",
      "input-messages": ["go"],
      "last-assistant-message": "Done.",
    });
  });
});
