// `codex-ts why`: what it says of a command is what becomes of the command.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ThreadManager, type ThreadConfig, threadConfig } from "@codex-ts/core";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import { createHttpTransport } from "@codex-ts/http-client";
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import type { AskForApproval, EventMsg, SandboxPolicy } from "@codex-ts/protocol";
import { createResponsesClient } from "@codex-ts/responses-client";
import { createSandbox } from "@codex-ts/sandboxing";
import { functionCall, message, respond, startScriptedModel } from "@codex-ts/scripted-model";
import { defaultShell, systemShellLookups } from "@codex-ts/shell-command";
import { abs, temporaryDirectory } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { openConfig } from "../open-config.ts";
import type { ConfigFlags } from "../flags.ts";
import { openRules } from "../open-rules.ts";
import type { Terminal } from "../terminal.ts";
import { runWhy, type WhyInvocation, type WhyReport } from "./why.ts";

const USER_RULES = `prefix_rule(pattern=["git", "push"], decision="forbidden", justification="nothing leaves")
prefix_rule(pattern=["deploy"], decision="prompt")
prefix_rule(pattern=["build-it"])
`;
const PROJECT_RULES = `
prefix_rule(pattern=["wipe"], decision="forbidden")
`;

interface WhyWorld extends AsyncDisposable {
  readonly home: string;
  readonly work: string;
  readonly env: Terminal["env"];
  why(words: readonly string[], settings?: Partial<WhyInvocation>): Promise<WhyReport>;
  text(words: readonly string[], settings?: Partial<WhyInvocation>): Promise<string>;
}

const flagsOf = (
  config: readonly string[] = [],
  sandbox?: ConfigFlags["sandbox"],
): ConfigFlags => ({
  config: [...config],
  addDirs: [],
  ...(sandbox === undefined ? {} : { sandbox }),
});

/** A home with rules, and a trusted project with rules of its own. */
async function whyWorld(): Promise<WhyWorld> {
  const root = await temporaryDirectory();
  const [home, work] = [root.join("home"), root.join("work")];
  await mkdir(join(work, ".git"), { recursive: true });
  await root.write({
    "home/config.toml": `allow_login_shell = false\n\n[projects."${work}"]\ntrust_level = "trusted"\n`,
    "home/rules/user.rules": USER_RULES,
    "work/.codex/rules/project.rules": PROJECT_RULES,
    "work/a.txt": "a\n",
  });
  const env = { PATH: process.env["PATH"], HOME: root.path, CODEX_HOME: home };
  const run = async (
    words: readonly string[],
    json: boolean,
    settings: Partial<WhyInvocation> = {},
  ): Promise<string> => {
    let out = "";
    const terminal: Terminal = {
      env,
      cwd: work,
      stdinIsTerminal: false,
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      stdoutColumns: 160,
      stderrColumns: () => 160,
      readStdin: async () => new Uint8Array(),
      stdout: (text) => {
        out += text;
      },
      stderr: () => {},
    };
    const invocation = {
      config: flagsOf(),
      escalated: false,
      approvalPolicy: undefined,
      ...settings,
      json,
      words,
    };
    expect(await runWhy(invocation, terminal)).toBe(0);
    return out;
  };
  return {
    home,
    work,
    env,
    why: async (words, settings) =>
      JSON.parse(await run(words, /*json*/ true, settings)) as WhyReport,
    text: (words, settings) => run(words, /*json*/ false, settings),
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

describe("codex-ts why", () => {
  test("names the layer, rule, file and line that decide", async () => {
    await using world = await whyWorld();
    const report = await world.why(["git", "push", "--force"]);
    expect(report).toMatchObject({
      schema: 1,
      outcome: "forbidden",
      where: null,
      reason: expect.stringMatching(/nothing leaves \(.*user\.rules:1\)$/) as string,
      decidedBy: [
        {
          layer: "rules",
          vote: "forbid",
          command: "git push --force",
          rule: '["git", "push"]',
          file: join(world.home, "rules/user.rules"),
          line: 1,
        },
      ],
    });
    expect(report.steps.map(({ layer, vote }) => [layer, vote])).toEqual([
      ["call", "none"],
      ["rules", "forbid"],
      ["approval_policy", "none"],
      ["sandbox_policy", "none"],
    ]);
  });

  test("judges a script by each of its commands, by the rules of every trusted layer", async () => {
    await using world = await whyWorld();
    const report = await world.why(["ls -a && wipe all"]);
    expect(report.outcome).toBe("forbidden");
    expect(report.steps.slice(1, 3)).toMatchObject([
      { layer: "heuristics", vote: "allow", command: "ls -a", rule: "known_safe" },
      {
        layer: "rules",
        vote: "forbid",
        command: "wipe all",
        file: join(world.work, ".codex/rules/project.rules"),
        line: 2,
      },
    ]);
  });

  test("says where settings that decide were set, and what exec makes of a question", async () => {
    await using world = await whyWorld();
    const file = join(world.home, "config.toml");
    await writeFile(file, `approval_policy = "untrusted"\n`);
    const report = await world.why(["make"]);
    expect(report).toMatchObject({
      outcome: "ask",
      where: "sandboxed",
      inExec: { outcome: "run", where: "sandboxed", reason: null },
      amendment: { prefix: ["make"], general: null },
    });
    expect(report.decidedBy).toMatchObject([
      { layer: "heuristics", rule: "approval_policy" },
      { layer: "approval_policy", rule: "untrusted", vote: "ask", file, line: 1 },
    ]);
  });

  test("judges a patch in a command by the files that it changes", async () => {
    await using world = await whyWorld();
    const patch = (path: string) =>
      `apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: ${path}\n+x\n*** End Patch\nEOF`;
    const settings = { config: flagsOf([], "workspace-write") };
    expect(await world.why([patch("new.txt")], settings)).toMatchObject({
      outcome: "run",
      where: "applied",
    });
    expect(await world.why([patch("/etc/new.txt")], settings)).toMatchObject({
      outcome: "ask",
      decidedBy: [{ layer: "patch", vote: "ask", rule: "outside" }],
    });
  });

  test("runs and writes nothing", async () => {
    await using world = await whyWorld();
    const files = () => readdir(join(world.work, ".."), { recursive: true });
    const before = await files();
    for (const command of ["touch pwn", "build-it > out", "echo $(touch pwn)"]) {
      await world.why([command], { config: flagsOf([], "danger-full-access") });
    }
    expect(await files()).toEqual(before);
  });

  test("reads as a page for people", async () => {
    await using world = await whyWorld();
    const text = await world.text(["git", "push"]);
    expect(text.split("\n")[0]).toMatch(/^It is refused: .*nothing leaves/);
    expect(text).toMatch(
      /^ {2}rules +forbid +git push: nothing leaves, \["git", "push"\] {2}~\/home\/rules\/user\.rules:1$/m,
    );
  });
});

const CALLS_PER_TURN = 42;
const POOL: readonly ((n: number) => string)[] = [
  (n) => `ls a.txt ${n}`,
  (n) => `cat a.txt | grep ${n}`,
  (n) => `echo ${n} && git push`,
  (n) => `deploy ${n}`,
  (n) => `build-it ${n}`,
  (n) => `build-it ${n} && touch x${n}`,
  (n) => `wipe ${n}`,
  (n) => `rm -rf x${n}`,
  (n) => `touch x${n}`,
  (n) => `find . -name ${n} -delete`,
  (n) => `(echo ${n})`,
  (n) => `FOO=${n} true`,
  (n) => `cat <<'EOF' > x${n}\ntext\nEOF`,
  (n) => `build-it <<'EOF'\n${n}\nEOF`,
  (n) => `echo $(cat a.txt) ${n}`,
  (n) => `sudo wipe ${n}`,
  (n) => `git log -${n}`,
  (n) => `cd .codex && git log -${n}`,
  (n) => `git -C /tmp log -${n}`,
  (n) => `git log -${n} --show-signature`,
];

interface Settings {
  readonly approval: AskForApproval;
  readonly sandbox: SandboxPolicy["type"] & NonNullable<ConfigFlags["sandbox"]>;
}

const settings: readonly Settings[] = (
  [
    "untrusted",
    "on-failure",
    "on-request",
    "never",
    { granular: { sandbox_approval: true, rules: false, mcp_elicitations: true } },
    { granular: { sandbox_approval: false, rules: true, mcp_elicitations: true } },
  ] as const
).flatMap((approval) =>
  (["read-only", "workspace-write"] as const).map((sandbox): Settings => ({ approval, sandbox })),
);

/** What became of a call, as seen from outside. */
interface Recorded {
  readonly outcome: "run" | "ask" | "forbidden";
  /** Null when nothing was started. */
  readonly where: "sandboxed" | "unconfined" | null;
  readonly reason: string | null;
}

test("what is said of 500 calls is what became of them", async () => {
  await using world = await whyWorld();
  const turns = settings.map((each, turn) => ({
    ...each,
    calls: Array.from({ length: CALLS_PER_TURN }, (_, index) => {
      const number = turn * CALLS_PER_TURN + index;
      const make = POOL[(number * 7) % POOL.length];
      return {
        id: `c${number}`,
        cmd: make?.(number) ?? "",
        escalated: index % 3 === 0,
        isApproved: index % 2 === 0,
      };
    }),
  }));

  await using stack = new AsyncDisposableStack();
  const model = stack.use(
    await startScriptedModel({
      script: (_request, index) =>
        index % 2 === 1
          ? respond([message("done")])
          : respond(
              (turns[index / 2]?.calls ?? []).map(({ id, cmd, escalated }) =>
                functionCall({
                  name: "exec_command",
                  callId: id,
                  args: {
                    cmd,
                    ...(escalated ? { sandbox_permissions: "require_escalated" } : {}),
                  },
                }),
              ),
            ),
    }),
  );
  const terminal = { env: world.env, cwd: world.work } as Terminal;
  const { loaded, config } = await openConfig(flagsOf(), terminal, abs(world.work));
  const sandbox = stack.use(createSandbox({ env: world.env, cwd: abs(world.work) }));
  const local = stack.use(createLocalEnvironment({ sandbox }));
  /** By the command line: the first start of each. */
  const starts = new Map<string, "sandboxed" | "unconfined">();
  const manager = stack.use(
    new ThreadManager({
      codexHome: config.codexHome,
      responses: createResponsesClient({
        endpoint: {
          name: "Test",
          baseUrl: model.url,
          queryParams: {},
          headers: {},
          requestMaxRetries: 0,
          streamMaxRetries: 0,
          streamIdleTimeoutMs: 60_000,
          supportsWebsockets: false,
          websocketConnectTimeoutMs: 1000,
          storesResponses: false,
        },
        auth: {
          current: () => Promise.resolve({ kind: "none" }),
          recover: () => Promise.resolve(false),
        },
        transport: stack.use(createHttpTransport({ env: {} })),
      }),
      environment: {
        ...local,
        start: (request, signal) => {
          const script = request.command.argv.at(-1) ?? "";
          if (!starts.has(script)) starts.set(script, request.confinement.kind);
          return local.start(request, signal);
        },
      },
      lookUpModel: (name) => lookUpModel(bundledCatalogue, name),
      shell: await defaultShell(systemShellLookups(world.env)),
      env: world.env,
      originator: "test",
      version: "0.0.0",
      source: "cli",
    }),
  );
  const settingsOfThread: ThreadConfig = threadConfig({
    cwd: abs(world.work),
    model: "gpt-5.2-codex",
    allowLoginShell: false,
    ephemeral: true,
    rules: await openRules(loaded),
  });
  const { thread } = await manager.startThread(settingsOfThread);
  const events = thread.events();

  const recorded = new Map<string, Recorded>();
  for (const { approval, sandbox: type, calls } of turns) {
    const byId = new Map(calls.map((call) => [call.id, call]));
    const begun = new Set<string>();
    const asked = new Map<string, string | null>();
    const declined = new Map<string, string>();
    await thread.submit({
      type: "user_turn",
      items: [{ type: "text", text: "go" }],
      cwd: world.work,
      approval_policy: approval,
      sandbox_policy: { type },
      model: "gpt-5.2-codex",
      final_output_json_schema: null,
    });
    for (;;) {
      const { value } = await events.next();
      const msg: EventMsg = value.msg;
      if (msg.type === "task_complete") break;
      if (msg.type === "exec_command_begin") begun.add(msg.call_id);
      if (msg.type === "exec_command_end" && msg.status === "declined") {
        declined.set(msg.call_id, msg.stderr);
      }
      if (msg.type === "raw_response_item" && msg.item.type === "function_call_output") {
        const { call_id: id, output } = msg.item;
        if (!begun.has(id) && typeof output === "string") declined.set(id, output);
      }
      if (msg.type !== "exec_approval_request") continue;
      // What is asked after the begin is whether to try again.
      if (!begun.has(msg.call_id)) asked.set(msg.call_id, msg.reason ?? null);
      await thread.submit({
        type: "exec_approval",
        id: msg.call_id,
        decision: byId.get(msg.call_id)?.isApproved === true ? "approved" : "denied",
      });
    }
    for (const { id, cmd } of calls) {
      const where = starts.get(cmd) ?? null;
      const question = asked.get(id);
      if (question !== undefined) recorded.set(id, { outcome: "ask", where, reason: question });
      else if (where !== null) recorded.set(id, { outcome: "run", where, reason: null });
      else recorded.set(id, { outcome: "forbidden", where, reason: declined.get(id) ?? null });
    }
  }

  const said: (Recorded & { readonly cmd: string })[] = [];
  const became: typeof said = [];
  for (const { approval, sandbox: type, calls } of turns) {
    const policy =
      typeof approval === "string"
        ? `approval_policy="${approval}"`
        : `approval_policy={granular={sandbox_approval=${approval.granular.sandbox_approval},rules=${approval.granular.rules},mcp_elicitations=true}}`;
    for (const { id, cmd, escalated } of calls) {
      const { outcome, where, reason } = await world.why([cmd], {
        config: flagsOf([policy], type),
        escalated,
      });
      const found = recorded.get(id);
      if (found === undefined) throw new Error(`nothing is known of ${id}`);
      // What was asked and denied was started nowhere.
      const started = found.where === null ? null : (where as Recorded["where"]);
      said.push({ cmd, outcome, where: started, reason });
      became.push({ cmd, ...found });
    }
  }
  expect(said.length).toBeGreaterThanOrEqual(500);
  expect(said).toEqual(became);
  expect(new Set(became.map(({ outcome }) => outcome))).toEqual(
    new Set(["run", "ask", "forbidden"]),
  );
}, 400_000);
