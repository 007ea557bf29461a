// The command line as a step of a build: follow the events, write a summary, fail when it should fail.
// CODEX_TS names the program and its first arguments; `codex-ts` is taken from the path by default.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { functionCall, message, respond, startScriptedModel } from "@codex-ts/scripted-model";

const [program = "codex-ts", ...firstArgs] = (process.env["CODEX_TS"] ?? "codex-ts").split(" ");
const folder = await mkdtemp(join(tmpdir(), "headless-run-"));
const home = join(folder, "home");
const checkout = join(folder, "checkout");
const summary = process.env["GITHUB_STEP_SUMMARY"] ?? join(folder, "summary.md");
await mkdir(home);
await mkdir(checkout);

// The model is played by a script, so that the example needs no key.
await using model = await startScriptedModel({
  script: [
    respond([
      functionCall({ name: "exec_command", args: { cmd: "echo checked" }, callId: "call_1" }),
    ]),
    respond([message("The change looks right.")]),
  ],
});
await writeFile(
  join(home, "config.toml"),
  `model = "gpt-5.2-codex"
model_provider = "scripted"
[model_providers.scripted]
name = "Scripted"
base_url = "${model.url}"
`,
);

const child = spawn(
  program,
  [
    ...firstArgs,
    "exec",
    "--json",
    "--skip-git-repo-check",
    "--sandbox",
    "read-only",
    "Review the last change.",
  ],
  {
    cwd: checkout,
    env: { ...process.env, CODEX_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  },
);

interface Item {
  readonly type: string;
  readonly text?: string;
  readonly command?: string;
  readonly exit_code?: number | null;
}

const closed = once(child, "close");
const commands: string[] = [];
let verdict = "";
let last = "";
for await (const line of createInterface({ input: child.stdout })) {
  const event = JSON.parse(line) as { readonly type: string; readonly item?: Item };
  last = event.type;
  if (event.type !== "item.completed" || event.item === undefined) continue;
  const { type, text = "", command = "", exit_code: code } = event.item;
  if (type === "agent_message") verdict = text;
  if (type === "command_execution") commands.push(`- \`${command}\` ended with ${code}`);
}
const [code] = (await closed) as [number | null];

await appendFile(summary, `## Review\n\n${verdict}\n\n${commands.join("\n")}\n`);
console.log(await readFile(summary, "utf8"));
assert.deepEqual([code, last, verdict], [0, "turn.completed", "The change looks right."]);
assert.equal(commands.length, 1);
await rm(folder, { recursive: true });
