// Parses the arguments and runs the command.
import { asksForCandidates } from "./completion/asks-for-candidates.ts";
import { Failure, failureText } from "./failure.ts";
import { parseArguments } from "./parse-arguments.ts";
import type { Invocation } from "./program.ts";
import { drainStdin, processTerminal, type Terminal } from "./terminal.ts";

/** Runs one command line and resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  quietBrokenPipes();
  if (asksForCandidates(args)) {
    const { printCandidates } = await import("./completion/print-candidates.ts");
    return printCandidates(args, terminal);
  }
  const parsed = parseArguments(args, { columns: helpColumns() });
  switch (parsed.kind) {
    case "help":
      terminal.stdout(parsed.text);
      return 0;
    case "usage_error":
      terminal.stderr(parsed.text);
      await drainStdin();
      return 2;
    case "run":
      try {
        return await run(parsed.invocation, terminal);
      } catch (error) {
        terminal.stderr(failureText(error, terminal.env));
        await drainStdin();
        return error instanceof Failure ? error.exitCode : 1;
      }
  }
}

async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  switch (invocation.command) {
    case "exec": {
      const { runExec } = await import("./exec/run-exec.ts");
      return runExec(invocation, terminal);
    }
    case "demo": {
      const { runDemo } = await import("./demo/run-demo.ts");
      return runDemo(invocation, terminal);
    }
    case "login": {
      const { runLogin } = await import("./commands/login.ts");
      return runLogin(invocation, terminal);
    }
    case "login status": {
      const { runLoginStatus } = await import("./commands/login.ts");
      return runLoginStatus(invocation, terminal);
    }
    case "logout": {
      const { runLogout } = await import("./commands/login.ts");
      return runLogout(invocation, terminal);
    }
    case "features list": {
      const { runFeaturesList } = await import("./commands/features.ts");
      return runFeaturesList(invocation, terminal);
    }
    case "features switch": {
      const { runFeaturesSwitch } = await import("./commands/features.ts");
      return runFeaturesSwitch(invocation, terminal);
    }
    case "config show":
    case "config path":
    case "config check":
    case "config schema":
    case "config set":
    case "config unset":
    case "config trust": {
      const { runConfig } = await import("./commands/config.ts");
      return runConfig(invocation, terminal);
    }
    case "mcp list":
    case "mcp get":
    case "mcp add":
    case "mcp remove": {
      const { runMcp } = await import("./commands/mcp.ts");
      return runMcp(invocation, terminal);
    }
    case "hooks list": {
      const { runHooksList } = await import("./commands/hooks.ts");
      return runHooksList(invocation, terminal);
    }
    case "hooks test": {
      const { runHooksTest } = await import("./commands/hooks.ts");
      return runHooksTest(invocation, terminal);
    }
    case "sessions undo": {
      const { runSessionUndo } = await import("./commands/session-undo.ts");
      return runSessionUndo(invocation, terminal);
    }
    case "sessions list":
    case "sessions show":
    case "sessions name":
    case "sessions archive":
    case "sessions export": {
      const { runSessions } = await import("./commands/sessions.ts");
      return runSessions(invocation, terminal);
    }
    case "execpolicy check":
    case "execpolicy list":
    case "execpolicy add":
    case "execpolicy remove": {
      const { runExecPolicy } = await import("./commands/execpolicy.ts");
      return runExecPolicy(invocation, terminal);
    }
    case "sandbox": {
      const { runSandbox } = await import("./commands/sandbox.ts");
      return runSandbox(invocation, terminal);
    }
    case "sandbox probe": {
      const { runSandboxProbe } = await import("./commands/sandbox.ts");
      return runSandboxProbe(invocation, terminal);
    }
    case "sandbox check": {
      const { runSandboxCheck } = await import("./commands/sandbox.ts");
      return runSandboxCheck(invocation, terminal);
    }
    case "why": {
      const { runWhy } = await import("./commands/why.ts");
      return runWhy(invocation, terminal);
    }
    case "doctor": {
      const { runDoctor } = await import("./commands/doctor.ts");
      return runDoctor(invocation, terminal);
    }
    case "completion": {
      const { completionScript } = await import("./completion/scripts.ts");
      terminal.stdout(completionScript(invocation.shell));
      return 0;
    }
    case "interactive":
      throw new Failure(
        [
          "this version has no full-screen interface yet.",
          `Run the agent on a task with: codex-ts exec ${JSON.stringify(invocation.prompt ?? "what to do")}`,
          "See it work without a key with: codex-ts demo",
        ].join("\n"),
      );
  }
}

/** Who closes our output early has seen enough: that is no error. */
function quietBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

function helpColumns(): number {
  return process.stdout.isTTY ? Math.min(process.stdout.columns, 100) : 80;
}
