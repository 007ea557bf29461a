// write_stdin: talks to a process that exec_command has left running, or just waits for its output.
import { ExecError } from "@codex-ts/exec-server";
import { abortedCommandText } from "./aborted-text.ts";
import { functionSpec } from "./function-spec.ts";
import type { ResourceClaim } from "./resource-gate.ts";
import { WORKSPACE } from "./router.ts";
import {
  MAX_YIELD_MS,
  MIN_YIELD_MS,
  clampYield,
  outputProperties,
  sessionAnswer,
  sessionOutputSchema,
} from "./session-answer.ts";
import { type Tool, type ToolCall, type ToolContext, ToolError } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

/** An empty poll waits longer: whoever polls has nothing else to do. */
const MIN_POLL_MS = 5000;

interface StdinCall {
  readonly sessionId: number;
  readonly chars: string;
  readonly yieldMs: number;
  readonly maxOutputTokens: number | undefined;
}

/**
 * Makes `write_stdin`: writes to a session of `exec_command`, or only waits, and answers what came
 * meanwhile.
 */
export function createWriteStdinTool(): Tool {
  return {
    name: "write_stdin",
    spec: functionSpec({
      name: "write_stdin",
      description:
        "Writes to a process that exec_command left running, and returns what it has printed since the last answer.",
      properties: {
        session_id: { type: "number", description: "The session ID of the running process." },
        chars: {
          type: "string",
          description:
            "What to write, control characters as they are; a line needs its line break. Empty, the default, only waits for output.",
        },
        ...outputProperties(
          "250 by default and at most 30000 after writing, at least 5000 without",
        ),
      },
      required: ["session_id"],
    }),
    outputSchema: sessionOutputSchema,
    parallel: false,
    claims,
    abortedText: abortedCommandText,
    accepts: (payload) => payload.kind === "function",
    async run(call, context, signal) {
      const started = context.processes.now();
      const { sessionId, chars, yieldMs, maxOutputTokens } = readCall(call, context);
      const session = context.processes.get(sessionId);
      if (session === undefined) {
        throw new ToolError(
          "respond",
          `write_stdin failed: there is no process with session ID ${sessionId}; it has ended, or never was`,
        );
      }
      if (chars !== "") {
        if (!session.tty) {
          throw new ToolError(
            "respond",
            "write_stdin failed: the standard input of this process is closed; run exec_command with tty=true to keep it open",
          );
        }
        await writeUnlessEnded(() => session.write(chars));
      }
      await session.wait(yieldMs, signal);
      if (session.end !== null) await session.announceEnd();
      context.emit({
        type: "terminal_interaction",
        call_id: session.callId,
        process_id: String(sessionId),
        stdin: chars,
      });
      const wallTimeMs = context.processes.now() - started;
      return sessionAnswer(session, wallTimeMs, maxOutputTokens, context);
    },
  };
}

/** Calls for one process are made one after another, and input comes in order with patches. */
function claims(call: ToolCall): readonly ResourceClaim[] {
  try {
    const args = ToolArguments.ofCall(call);
    const process = { resource: `process ${args.count("session_id")}`, mode: "exclusive" } as const;
    return isPoll(args) ? [process] : [process, { resource: WORKSPACE, mode: "shared" }];
  } catch {
    // The run says what is wrong with the arguments.
    return [];
  }
}

function isPoll(args: ToolArguments): boolean {
  return (args.optionalString("chars") ?? "") === "";
}

function readCall(call: ToolCall, context: ToolContext): StdinCall {
  const args = ToolArguments.ofCall(call);
  const asked = args.optionalCount("yield_time_ms") ?? MIN_YIELD_MS;
  const longestPoll = Math.max(MIN_POLL_MS, context.backgroundTerminalMaxTimeoutMs);
  return {
    sessionId: args.count("session_id"),
    chars: args.optionalString("chars") ?? "",
    yieldMs: isPoll(args)
      ? clampYield(asked, longestPoll, MIN_POLL_MS)
      : clampYield(asked, MAX_YIELD_MS),
    maxOutputTokens: args.optionalCount("max_output_tokens"),
  };
}

/** A process that ended a moment ago takes no input; its end is the answer. */
async function writeUnlessEnded(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
  }
}
