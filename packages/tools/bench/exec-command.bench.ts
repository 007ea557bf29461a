// What a command costs on the whole way of a tool call: parsed, judged by the rules, confined, run, its
// output collected and the answer put together.
import { spawn } from "node:child_process";
import { createRulebook } from "@codex-ts/exec-policy";
import type { SandboxPolicy } from "@codex-ts/protocol";
import { temporaryDirectory } from "@codex-ts/test-support";
import { createExecCommandTool } from "../src/exec-command.ts";
import { localTestEnvironment, testTurn } from "../src/tool-context.fixture.ts";

const names = {
  bare: "`true`, bare",
  shell: "`bash -c true`, bare",
  tool: "exec_command `true`, full access",
  confined: "exec_command `true`, workspace-write",
} as const;

function bare(command: string, ...args: readonly string[]): () => Promise<void> {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, { stdio: "ignore" });
      child.once("error", reject);
      child.once("exit", () => resolve());
    });
}

export const benchmark = {
  name: "exec-command",
  question: "What does a tool call add to the command that it runs?",
  rounds: 40,
  bounds: [{ subject: names.tool, atMostMs: 5, over: names.bare }],
  async subjects() {
    const { environment } = await localTestEnvironment();
    const tool = createExecCommandTool({
      allowLoginShell: true,
      additionalPermissions: false,
      approveInside: false,
      rules: createRulebook(),
    });
    const call = (sandboxPolicy: SandboxPolicy) => async (): Promise<number> => {
      const parts = { environment, sandboxPolicy, allowLoginShell: false };
      await using turn = testTurn(await temporaryDirectory(), parts);
      const start = performance.now();
      const answer = String(await turn.run(tool, { cmd: "true" }));
      const time = performance.now() - start;
      if (!answer.includes("exited with code 0")) throw new Error(answer);
      return time;
    };
    return [
      { name: names.bare, run: bare("true") },
      { name: names.shell, run: bare("/bin/bash", "-c", "true") },
      { name: names.tool, sample: call({ type: "danger-full-access" }) },
      { name: names.confined, sample: call({ type: "workspace-write" }) },
    ];
  },
};
