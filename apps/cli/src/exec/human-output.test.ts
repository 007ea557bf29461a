// Everything that a run can show, as it stands on a screen and in a log.
import { writeFile } from "node:fs/promises";
import nodePath from "node:path";
import {
  customToolCall,
  functionCall,
  item,
  message,
  reasoning,
  respond,
  type ScriptedItem,
} from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";
import { terminalPane } from "../testing/terminal-pane.ts";

beforeAll(builtCli, buildTimeoutMs);

const exec = (callId: string, cmd: string): ScriptedItem =>
  functionCall({ name: "exec_command", args: { cmd }, callId });

const plan = (done: number): ScriptedItem =>
  functionCall({
    name: "update_plan",
    callId: `plan_${done}`,
    args: {
      ...(done === 0 ? { explanation: "First read, then mend." } : {}),
      plan: [
        "Read the code",
        "Round half a cent up in every place where prices are made",
        "確認",
      ].map((step, index) => ({
        step,
        status: index < done ? "completed" : index === done ? "in_progress" : "pending",
      })),
    },
  });

const patch = `*** Begin Patch
*** Update File: price.js
@@
-return Math.floor(cents);
+return Math.round(cents);
*** Add File: 価格.md
+# 価格
*** Delete File: old.txt
*** End Patch`;

/** A loud terminal: colours, a wiped line, a window title, a bell. */
const loud = String.raw`printf '\033[31mred\033[0m\n10%%\r100%%\n\033]0;mine\007\a'`;

async function everything(): Promise<CliWorld> {
  const world = await cliWorld({
    script: [
      respond([
        reasoning("**Looking around**\n\nI read `price.js` first."),
        message("I'll look first."),
        plan(/*done*/ 0),
      ]),
      respond([exec("c1", "cat price.js; exit 3")]),
      respond([
        item({
          type: "web_search_call",
          id: "ws_1",
          status: "completed",
          action: { type: "search", query: "round half up" },
        }),
        exec("c2", "seq 1 500"),
      ]),
      respond([exec("c3", loud)]),
      respond([customToolCall({ name: "apply_patch", input: patch, callId: "a1" })]),
      respond([exec("c4", "touch forbidden")]),
      respond([plan(/*done*/ 3)]),
      respond(
        [
          message(
            "Done.\n\n- `Math.round` rounds **half up**, also for 割引価格 of every kind.\n\n```js\nx\n```",
          ),
        ],
        { usage: { input: 1500, cached: 1000, output: 60 } },
      ),
    ],
    config: "[features]\ncodex_hooks = true\n",
    files: { "price.js": "return Math.floor(cents);\n", "old.txt": "old\n" },
  });
  const refuse = "grep -q forbidden && { echo 'not that' >&2; exit 2; }; exit 0";
  const hooks = {
    SessionStart: [{ hooks: [{ type: "command", command: "echo mind the style" }] }],
    PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", command: refuse }] }],
  };
  await writeFile(nodePath.join(world.home, "hooks.json"), JSON.stringify({ hooks }));
  return world;
}

const args = ["exec", "-s", "workspace-write", "Mend the rounding"];

/** Without what is different in every run. */
const steady = (text: string): string =>
  text
    .slice(text.indexOf("\nuser\n") + 1)
    .replaceAll(/(?<=✓ succeeded|✗ exited 3) in [\d.]+m?s/g, "")
    .trimEnd();

test("on a screen of 50 columns", async () => {
  await using world = await everything();
  await using pane = await terminalPane({
    command: [process.execPath, world.cli.entry, ...args],
    env: world.env,
    cwd: world.repository,
    columns: 50,
    rows: 30,
  });
  expect(steady((await pane.ended()).replaceAll(/\nPane is dead[^]*$/g, ""))).toBe(SCREEN);
});

test("in a log, without colours, with what begins as well, and with more of long outputs", async () => {
  await using world = await everything();
  const run = await world.run(args);
  const numbers = (from: number, to: number): string =>
    Array.from({ length: to - from + 1 }, (_, index) => `  ${from + index}\n`).join("");
  const log = steady(run.stderr)
    .replace(numbers(/*from*/ 1, /*to*/ 133), "  (133 lines)\n")
    .replace(numbers(/*from*/ 235, /*to*/ 500), "  (266 lines)\n");
  expect(log).toBe(LOG);
  expect(run.stdout).toMatch(/^Done\.\n/);
});

const TICK = "`";

const SCREEN = String.raw`user
Mend the rounding

hook: SessionStart Completed
  context: mind the style

Looking around

I read price.js first.

codex-ts
I'll look first.

plan
  First read, then mend.
  → Read the code
  • Round half a cent up in every place where
    prices are made
  • 確認

hook: PreToolUse Completed

exec
cat price.js; exit 3
✗ exited 3:
  return Math.floor(cents);

web search: round half up

hook: PreToolUse Completed

exec
seq 1 500
✓ succeeded:
  1
  2
  3
  4
  5
  6
  7
  … 477 lines more
  485
  486
  487
  488
  489
  490
  491
  492
  493
  494
  495
  496
  497
  498
  499
  500

hook: PreToolUse Completed

exec
printf '\033[31mred\033[0m\n10%%\r100%%\n\033]0;mi
ne\007\a'
✓ succeeded:
  red
  100%

apply patch
  M price.js  +1 -1
    @@ -1 +1 @@
    -return Math.floor(cents);
    +return Math.round(cents);
  A 価格.md  +1
  D old.txt  -1
✓ patch: completed

hook: PreToolUse Blocked
  feedback: not that

plan
  ✓ Read the code
  ✓ Round half a cent up in every place where
    prices are made
  ✓ 確認

codex-ts
Done.

- Math.round rounds half up, also for 割引価格 of
  every kind.

${TICK}${TICK}${TICK}js
x
${TICK}${TICK}${TICK}

changed
  D old.txt   -1
  M price.js  +1 -1
  A 価格.md   +1

tokens used: 1,330 (1,200 in + 1,000 cached, 130
  out)`;

const LOG = String.raw`user
Mend the rounding

hook: SessionStart
hook: SessionStart Completed
  context: mind the style

**Looking around**

I read ${TICK}price.js${TICK} first.

codex-ts
I'll look first.

plan
  First read, then mend.
  → Read the code
  • Round half a cent up in every place where prices are made
  • 確認

hook: PreToolUse
hook: PreToolUse Completed

exec
cat price.js; exit 3
✗ exited 3:
  return Math.floor(cents);

web search: round half up

hook: PreToolUse
hook: PreToolUse Completed

exec
seq 1 500
✓ succeeded:
  (133 lines)
  … 101 lines more
  (266 lines)

hook: PreToolUse
hook: PreToolUse Completed

exec
printf '\033[31mred\033[0m\n10%%\r100%%\n\033]0;mine\007\a'
✓ succeeded:
  red
  100%

apply patch
  M price.js  +1 -1
    @@ -1 +1 @@
    -return Math.floor(cents);
    +return Math.round(cents);
  A 価格.md  +1
  D old.txt  -1
✓ patch: completed

hook: PreToolUse
hook: PreToolUse Blocked
  feedback: not that

plan
  ✓ Read the code
  ✓ Round half a cent up in every place where prices are made
  ✓ 確認

codex-ts
Done.

- ${TICK}Math.round${TICK} rounds **half up**, also for 割引価格 of every kind.

${TICK}${TICK}${TICK}js
x
${TICK}${TICK}${TICK}

changed
  D old.txt   -1
  M price.js  +1 -1
  A 価格.md   +1

tokens used: 1,330 (1,200 in + 1,000 cached, 130 out)`;
