// `codex-ts demo`: a whole run of the real engine, with a scripted model in place of a real one.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { promisify } from "node:util";
import { fromAbsolute } from "@codex-ts/absolute-path";
import {
  customToolCall,
  functionCall,
  message,
  respond,
  type Reply,
  type ScriptedItem,
  type ScriptedModel,
  startScriptedModel,
} from "@codex-ts/scripted-model";
import { painter, wantsColor } from "../colors.ts";
import { openEngine } from "../engine.ts";
import { followTurn } from "../exec/follow-turn.ts";
import { Failure } from "../failure.ts";
import type { Invocation } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { demoFiles, demoPrompt } from "./demo-project.ts";
import { demoReply, type ScriptedCall } from "./demo-script.ts";

type DemoInvocation = Extract<Invocation, { readonly command: "demo" }>;

const run = promisify(execFile);

export async function runDemo(invocation: DemoInvocation, terminal: Terminal): Promise<number> {
  const project = await makeProject(terminal);
  await using model = await startDemoModel();
  await using engine = await openEngine({
    flags: {
      ...invocation.config,
      config: [...invocation.config.config, ...providerSettings(model.url)],
      sandbox: invocation.config.sandbox ?? "workspace-write",
    },
    terminal,
    cwd: fromAbsolute(project),
    source: "exec",
    ephemeral: false,
  });
  const sandbox = await engine.sandboxSummary();
  const paint = painter(
    wantsColor({
      mode: invocation.color,
      isTerminal: terminal.stderrIsTerminal,
      env: terminal.env,
    }),
  );
  terminal.stderr(
    `${[
      paint("A whole run, with a scripted model", "bold"),
      "",
      "The model is a script on this machine: no key and no network are used.",
      "The rest is real: the engine, the sandbox, the commands, the patch, the",
      "session file.",
      "",
      `  project  ${project}`,
      `  sandbox  ${sandbox}`,
    ].join("\n")}\n\n`,
  );
  const { thread } = await engine.manager.startThread(engine.threadConfig);
  const exitCode = await followTurn({
    engine,
    thread,
    terminal: { ...terminal, stdout: () => {}, stdoutIsTerminal: true },
    op: {
      type: "user_input",
      items: [{ type: "text", text: demoPrompt, text_elements: [] }],
      final_output_json_schema: null,
    },
    prompt: demoPrompt,
    json: false,
    color: invocation.color,
    lastMessageFile: null,
  });
  if (exitCode === 0) {
    terminal.stderr(
      `${[
        "",
        paint("With a real model", "bold"),
        "  printenv OPENAI_API_KEY | codex-ts login --with-api-key",
        "  or CODEX_API_KEY=… for one run, or a [model_providers] block in config.toml",
        "Then go on with this session, or start in a project of yours:",
        `  codex-ts exec -C ${project} resume ${thread.id} "…"`,
        '  codex-ts exec "explain what this repository does"',
      ].join("\n")}\n`,
    );
  }
  return exitCode;
}

/** A git repository with the demo's files, in a new temporary folder. */
async function makeProject(terminal: Terminal): Promise<string> {
  const folder = await realpath(
    await mkdtemp(nodePath.join(terminal.env["TMPDIR"] ?? tmpdir(), "codex-ts-demo-")),
  );
  for (const [name, text] of Object.entries(demoFiles)) {
    const file = nodePath.join(folder, name);
    await mkdir(nodePath.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const identity = [
    "-c",
    "user.name=demo",
    "-c",
    "user.email=demo@localhost",
    "-c",
    "commit.gpgsign=false",
  ];
  try {
    await run("git", ["init", "--quiet"], { cwd: folder });
    await run("git", ["add", "--all"], { cwd: folder });
    await run("git", [...identity, "commit", "--quiet", "--no-verify", "-m", "Price list"], {
      cwd: folder,
    });
  } catch (error) {
    throw new Failure(
      `the demo needs git to make its repository, and git failed: ${(error as Error).message.trim()}`,
      { cause: error },
    );
  }
  return folder;
}

function providerSettings(url: string): readonly string[] {
  return [
    "model_provider=demo",
    `model_providers.demo={ name = "Scripted model", base_url = "${url}" }`,
    "model=gpt-5.2-codex",
  ];
}

function startDemoModel(): Promise<ScriptedModel> {
  return startScriptedModel({
    script: (request, index): Reply => {
      const reply = demoReply(request.input, index);
      return respond(
        [
          ...(reply.message === undefined ? [] : [message(reply.message, { id: `msg_${index}` })]),
          ...reply.calls.map((call, position) => itemOf(call, `call_${index}_${position}`)),
        ],
        { usage: { input: 900 + 400 * index, cached: 400 * index, output: 60 }, delayMs: 8 },
      );
    },
  });
}

function itemOf(call: ScriptedCall, callId: string): ScriptedItem {
  switch (call.tool) {
    case "exec_command":
      return functionCall({ name: "exec_command", args: { cmd: call.cmd }, callId });
    case "update_plan":
      return functionCall({ name: "update_plan", args: { plan: call.plan }, callId });
    case "apply_patch":
      return customToolCall({ name: "apply_patch", input: call.patch, callId });
  }
}
