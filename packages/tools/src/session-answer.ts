// What exec_command and write_stdin have in common: how long they wait, and how they answer.
import type { ToolSchema } from "@codex-ts/protocol";
import { joinWords } from "@codex-ts/shell-command";
import { sessionExecOutput } from "./exec-output.ts";
import { objectSchema } from "./function-spec.ts";
import { commandResponse } from "./hook-subject.ts";
import type { ProcessSession } from "./process-session.ts";
import { MAX_PROCESSES } from "./process-store.ts";
import type { ToolContext, ToolResult } from "./tool.ts";
import { approximateTokens, byteBudget, formatOutput } from "./truncate.ts";

export const MIN_YIELD_MS = 250;
export const MAX_YIELD_MS = 30_000;
const DEFAULT_OUTPUT_TOKENS = 10_000;
/** From this many processes on, the model is warned. */
const WARNING_PROCESSES = 60;

export function clampYield(milliseconds: number, maximum: number, minimum = MIN_YIELD_MS): number {
  return Math.max(minimum, Math.min(milliseconds, maximum));
}

/** The answer about a session: what it printed, and whether it goes on. One that has ended is let go. */
export async function sessionAnswer(
  session: ProcessSession,
  wallTimeMs: number,
  maxOutputTokens: number | undefined,
  context: ToolContext,
): Promise<ToolResult> {
  const { processes } = context;
  const { end } = session;
  const output = (await session.takeUnread()) || (end?.startFailure ?? "");
  if (end !== null) processes.remove(session.id);
  const limit = Math.min(
    maxOutputTokens ?? DEFAULT_OUTPUT_TOKENS,
    Math.ceil(byteBudget(context.truncation) / 4),
  );
  const chunkId = processes.newChunkId();
  const body = sessionExecOutput(
    {
      command: joinWords(session.argv),
      chunkId,
      wallTimeMs,
      state:
        end === null
          ? { kind: "running", sessionId: session.id }
          : { kind: "exited", exitCode: end.exitCode, signal: end.signal },
      notes: warnings(processes.size),
      output,
    },
    { mode: "tokens", limit },
  );
  return {
    body,
    success: end === null || end.exitCode === 0,
    hookResponse:
      end === null || session.tty
        ? null
        : commandResponse(end.exitCode, formatOutput(output, { mode: "tokens", limit })),
    endOf: { callId: session.callId, command: session.command },
    forScript: {
      value: {
        chunk_id: chunkId,
        wall_time_seconds: wallTimeMs / 1000,
        original_token_count: approximateTokens(output),
        output: formatOutput(output, { mode: "tokens", limit }),
        ...(end === null ? { session_id: session.id } : { exit_code: end.exitCode }),
      },
    },
  };
}

/** What a script gets from both tools: a session's id while its process lives, then its exit code. */
export const sessionOutputSchema: ToolSchema = objectSchema(
  {
    chunk_id: { type: "string" },
    exit_code: { type: "number" },
    original_token_count: { type: "number" },
    output: { type: "string" },
    session_id: { type: "number" },
    wall_time_seconds: { type: "number" },
  },
  ["output", "wall_time_seconds"],
);

function warnings(count: number): readonly string[] {
  if (count < WARNING_PROCESSES) return [];
  return [
    `Warning: ${count} processes are open, and at most ${MAX_PROCESSES} can be; the least used will be ended. Reuse sessions, or end processes that are not needed.`,
  ];
}

/** The arguments about waiting and about the length of the answer. */
export function outputProperties(waiting: string): Readonly<Record<string, ToolSchema>> {
  return {
    yield_time_ms: {
      type: "number",
      description: `Milliseconds to wait for output before answering: ${waiting}.`,
    },
    max_output_tokens: {
      type: "number",
      description: "The longest output to return, in tokens; the middle of more is left out.",
    },
  };
}
