// What a client is told of a command: its begin, its output as it comes, its end.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type {
  EventMsg,
  ExecCommandSource,
  ExecCommandStatus,
  ParsedCommand,
  WireDuration,
} from "@codex-ts/protocol";
import { incompleteSuffixLength } from "./output-buffer.ts";

/** The size of one output event, in bytes. */
const DELTA_BYTES = 8192;
/** Output events per call; after these one last event says that there are no more. */
const MAX_DELTAS = 10_000;
const LAST_DELTA = "\n[... further output is not shown while the command runs ...]\n";

export interface ExecFacts {
  readonly callId: string;
  readonly processId?: string | undefined;
  readonly turnId: string;
  readonly command: readonly string[];
  readonly cwd: AbsolutePath;
  readonly parsedCommand: readonly ParsedCommand[];
  readonly source: ExecCommandSource;
}

export interface ExecEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly aggregatedOutput: string;
  readonly formattedOutput: string;
  readonly exitCode: number;
  readonly durationMs: number;
  readonly status: ExecCommandStatus;
}

/** The events of one command. `begin` and `end` are sent once, however often they are called. */
export interface ExecEvents {
  begin(): void;
  output(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  end(end: ExecEnd): void;
}

export function execEvents(facts: ExecFacts, emit: (event: EventMsg) => void): ExecEvents {
  const common = {
    call_id: facts.callId,
    ...(facts.processId === undefined ? {} : { process_id: facts.processId }),
    turn_id: facts.turnId,
    command: facts.command,
    cwd: facts.cwd,
    parsed_cmd: facts.parsedCommand,
    source: facts.source,
  };
  let state: "new" | "begun" | "ended" = "new";
  let deltas = 0;
  /** The beginning of a character whose end is still to come. */
  const pending = { stdout: new Uint8Array(), stderr: new Uint8Array() };

  const sendDelta = (stream: "stdout" | "stderr", bytes: Uint8Array): void => {
    if (deltas > MAX_DELTAS) return;
    const chunk = deltas === MAX_DELTAS ? Buffer.from(LAST_DELTA) : Buffer.from(bytes);
    deltas += 1;
    emit({
      type: "exec_command_output_delta",
      call_id: facts.callId,
      stream,
      chunk: chunk.toString("base64"),
    });
  };

  return {
    begin() {
      if (state !== "new") return;
      state = "begun";
      emit({ type: "exec_command_begin", ...common });
    },
    output(stream, bytes) {
      let rest: Uint8Array = Buffer.concat([pending[stream], bytes]);
      const complete = rest.length - incompleteSuffixLength(rest);
      pending[stream] = rest.slice(complete);
      rest = rest.subarray(0, complete);
      while (rest.length > 0) {
        const piece = rest.subarray(0, DELTA_BYTES);
        const isWhole = piece.length === rest.length;
        const length = isWhole ? piece.length : piece.length - incompleteSuffixLength(piece);
        sendDelta(stream, rest.subarray(0, length));
        rest = rest.subarray(length);
      }
    },
    end(end) {
      if (state === "ended") return;
      state = "ended";
      for (const stream of ["stdout", "stderr"] as const) {
        if (pending[stream].length > 0) sendDelta(stream, pending[stream]);
      }
      emit({
        type: "exec_command_end",
        ...common,
        stdout: end.stdout,
        stderr: end.stderr,
        aggregated_output: end.aggregatedOutput,
        exit_code: end.exitCode,
        duration: wireDuration(end.durationMs),
        formatted_output: end.formattedOutput,
        status: end.status,
      });
    },
  };
}

function wireDuration(milliseconds: number): WireDuration {
  const secs = Math.floor(milliseconds / 1000);
  return { secs, nanos: Math.floor((milliseconds - secs * 1000) * 1e6) };
}

/** How a command ends for the client that never ran: it was turned down, or could not be started. */
export function unrunEnd(message: string, status: "declined" | "failed"): ExecEnd {
  return {
    stdout: "",
    stderr: message,
    aggregatedOutput: message,
    formattedOutput: message,
    exitCode: -1,
    durationMs: 0,
    status,
  };
}
