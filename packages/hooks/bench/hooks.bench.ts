// What a hook costs: a function per call, a command against the same command bare, ten against one.
import { spawn } from "node:child_process";
import { createHooks, type HookHandler, functionHook } from "../src/index.ts";
import { commandHandler, plainShell, requests } from "../src/testing/requests.ts";

const command = "true";
const guard = functionHook("PreToolUse", {
  name: "guard",
  matcher: "^Bash$",
  run: () => ({ decision: "block", reason: "no" }),
});

function bareSpawn(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(plainShell.program, [...plainShell.args, command], {
      cwd: "/",
      stdio: "pipe",
    });
    // It ends without reading its input.
    child.stdin.on("error", () => {});
    child.stdin.end("{}");
    child.stdout.resume();
    child.stderr.resume();
    child.once("error", reject);
    child.once("close", () => resolve());
  });
}

function call(handlers: readonly HookHandler[]): () => Promise<unknown> {
  const hooks = createHooks({ shell: plainShell, handlers });
  return () => hooks.run("PreToolUse", requests.PreToolUse);
}

const one = commandHandler("PreToolUse", command);
const slow = commandHandler("PreToolUse", "sleep 0.25");
const times = (handler: HookHandler) => Array.from({ length: 10 }, () => handler);

export const benchmark = {
  name: "hooks",
  question:
    "Is a command hook at most 1.3 times its bare command, a function at most 0.2 ms, and ten hooks at once at most twice one?",
  rounds: 30,
  subjects: () => [
    { name: "bare spawn of `true`", run: bareSpawn },
    { name: "one command hook", run: call([one]) },
    { name: "one function hook", run: call([guard]), repeat: 200 },
    { name: "one hook of 0.25 s", run: call([slow]) },
    { name: "ten hooks of 0.25 s at once", run: call(times(slow)) },
  ],
};
