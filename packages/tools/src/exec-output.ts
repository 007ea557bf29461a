// How the result of a command reads to the model.
import type { TruncationPolicy } from "@codex-ts/protocol";
import { countLines, formatOutput, truncateMiddle } from "./truncate.ts";

/** How a command that ran to its end (or to its limit) ended. */
export interface ExecOutput {
  readonly exitCode: number;
  readonly durationMs: number;
  readonly timedOut: boolean;
  /** What it printed to both streams, in the order of arrival. */
  readonly output: string;
}

/** What the command printed, below a line that says so when it was stopped by its time limit. */
function contentOf({ output, timedOut, durationMs }: ExecOutput): string {
  return timedOut
    ? `command timed out after ${Math.round(durationMs)} milliseconds\n${output}`
    : output;
}

/** The content of a command's result, cut to the policy, below a line count when it was cut. */
export function formatExecOutput(result: ExecOutput, policy: TruncationPolicy): string {
  return formatOutput(contentOf(result), policy);
}

/** The result as compact JSON: `{"output": …, "metadata": {"exit_code": …, "duration_seconds": …}}`. */
export function structuredExecOutput(result: ExecOutput, policy: TruncationPolicy): string {
  return JSON.stringify({
    output: formatExecOutput(result, policy),
    metadata: {
      exit_code: result.exitCode,
      duration_seconds: roundedSeconds(result.durationMs),
    },
  });
}

/** The result as plain text: exit code, wall time, the line count when the output was cut, the output. */
export function freeformExecOutput(result: ExecOutput, policy: TruncationPolicy): string {
  const content = contentOf(result);
  const cut = truncateMiddle(content, policy);
  const lines = countLines(content);
  return freeformLayout({
    exitCode: result.exitCode,
    seconds: roundedSeconds(result.durationMs),
    totalLines: countLines(cut) === lines ? null : String(lines),
    output: cut,
  });
}

function roundedSeconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}

function freeformLayout(parts: {
  readonly exitCode: number;
  readonly seconds: number;
  readonly totalLines: string | null;
  readonly output: string;
}): string {
  return [
    `Exit code: ${parts.exitCode}`,
    `Wall time: ${parts.seconds} seconds`,
    ...(parts.totalLines === null ? [] : [`Total output lines: ${parts.totalLines}`]),
    "Output:",
    parts.output,
  ].join("\n");
}

/**
 * Turns a result of {@link structuredExecOutput} into the layout of {@link freeformExecOutput}; a line
 * count at the head of the output moves up beside the exit code. Any other text comes back as it is.
 */
export function reshapeShellOutput(text: string): string {
  const result = parseStructured(text);
  if (result === null) return text;
  const header = /^Total output lines: (\d+)\n\n?/.exec(result.output);
  return freeformLayout({
    exitCode: result.exitCode,
    seconds: result.seconds,
    totalLines: header?.[1] ?? null,
    output: result.output.slice(header?.[0].length ?? 0),
  });
}

function parseStructured(
  text: string,
): { readonly output: string; readonly exitCode: number; readonly seconds: number } | null {
  if (!text.startsWith("{")) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { output, metadata } = value as { readonly output?: unknown; readonly metadata?: unknown };
  if (typeof output !== "string" || typeof metadata !== "object" || metadata === null) return null;
  const { exit_code: exitCode, duration_seconds: seconds } = metadata as {
    readonly exit_code?: unknown;
    readonly duration_seconds?: unknown;
  };
  if (typeof exitCode !== "number" || typeof seconds !== "number") return null;
  return { output, exitCode, seconds };
}

/** What `exec_command` and `write_stdin` answer. */
export interface SessionOutput {
  /** The command line, quoted for a POSIX shell. */
  readonly command: string;
  /** Six hexadecimal digits. */
  readonly chunkId: string;
  readonly wallTimeMs: number;
  readonly state:
    | { readonly kind: "exited"; readonly exitCode: number; readonly signal: string | null }
    | { readonly kind: "running"; readonly sessionId: number };
  /** Lines for the model that come before the output. */
  readonly notes: readonly string[];
  readonly output: string;
}

/** The answer of the session tools as text. */
export function sessionExecOutput(result: SessionOutput, policy: TruncationPolicy): string {
  return [
    `Command: ${result.command}`,
    `Chunk ID: ${result.chunkId}`,
    `Wall time: ${(result.wallTimeMs / 1000).toFixed(4)} seconds`,
    stateLine(result.state),
    ...result.notes,
    `Original token count: ${Math.ceil(Buffer.byteLength(result.output) / 4)}`,
    "Output:",
    formatOutput(result.output, policy),
  ].join("\n");
}

function stateLine(state: SessionOutput["state"]): string {
  if (state.kind === "running") return `Process running with session ID ${state.sessionId}`;
  const signal = state.signal === null ? "" : ` (killed by ${state.signal})`;
  return `Process exited with code ${state.exitCode}${signal}`;
}
