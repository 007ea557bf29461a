// Which lines of a session a fork begins with.
import type { RolloutItem } from "@codex-ts/protocol";
import { guessedOrigin } from "./contextual-message.ts";
import { itemLine } from "./journal.ts";
import { turnAborted, turnAbortedMarker } from "./turn-aborted.ts";

/**
 * What a fork takes over of a session that may be in the middle of a turn: only what is finished, or
 * all, with the same note for the model as if the turn had been stopped here.
 */
export type ForkSnapshotMode = "committed" | "interrupted";

/**
 * The lines that the fork begins with. `beforeUserMessage` (from 0) cuts a committed fork before that
 * message of the person; messages that were rolled back do not count.
 */
export function forkedLines(
  lines: readonly RolloutItem[],
  mode: ForkSnapshotMode,
  beforeUserMessage = Number.POSITIVE_INFINITY,
): readonly RolloutItem[] {
  const open = unfinishedTurn(lines);
  if (mode === "interrupted") {
    if (open === null) return lines;
    return [
      ...lines,
      itemLine(turnAbortedMarker(), "marker"),
      { type: "event_msg", payload: turnAborted(open.id, "interrupted") },
    ];
  }
  const cut = userMessages(lines)[beforeUserMessage];
  return cut === undefined ? lines.slice(0, open?.start) : closed(lines.slice(0, cut.turnStart));
}

/** What a cut leaves of a turn is all that there will ever be of it: a fork of the fork takes it over. */
function closed(lines: readonly RolloutItem[]): readonly RolloutItem[] {
  const id = unfinishedTurn(lines)?.id ?? null;
  if (id === null) return lines;
  const end = { type: "task_complete", turn_id: id, last_agent_message: null } as const;
  return [...lines, { type: "event_msg", payload: end }];
}

interface UserMessagePosition {
  readonly index: number;
  /** Where its turn begins, when it is the first message of its turn; else the message itself. */
  readonly turnStart: number;
}

/** The person's messages that were not rolled back, in order. */
function userMessages(lines: readonly RolloutItem[]): readonly UserMessagePosition[] {
  const turns: UserMessagePosition[][] = [];
  let turnStart: number | null = null;
  for (const [index, line] of lines.entries()) {
    if (line.type === "event_msg" && line.payload.type === "task_started") turnStart = index;
    else if (line.type === "event_msg" && line.payload.type === "thread_rolled_back") {
      turns.splice(Math.max(0, turns.length - line.payload.num_turns));
      turnStart = null;
    } else if (isUserMessage(line)) {
      const isFirst = turnStart !== null;
      const position = { index, turnStart: turnStart ?? index };
      // Without turn events each message is a turn; behind the first of its turn it joins that.
      if (isFirst || turns.length === 0 || !isInsideTurn(lines, index)) turns.push([position]);
      else turns.at(-1)?.push(position);
      turnStart = null;
    }
  }
  return turns.flat();
}

function isUserMessage(line: RolloutItem): boolean {
  return line.type === "response_item" && (line.origin ?? guessedOrigin(line.payload)) === "user";
}

/** Whether the newest turn event before `index` is a start. */
function isInsideTurn(lines: readonly RolloutItem[], index: number): boolean {
  for (let at = index - 1; at >= 0; at -= 1) {
    const line = lines[at];
    if (line?.type !== "event_msg") continue;
    switch (line.payload.type) {
      case "task_started":
        return true;
      case "task_complete":
      case "turn_aborted":
        return false;
      default:
        break;
    }
  }
  return false;
}

/** The turn that is still going on where the lines end; its id is null in files without turn events. */
function unfinishedTurn(
  lines: readonly RolloutItem[],
): { readonly id: string | null; readonly start: number } | null {
  let open: { readonly id: string; readonly start: number } | null = null;
  let hasTurns = false;
  for (const [index, line] of lines.entries()) {
    if (line.type !== "event_msg") continue;
    const { payload } = line;
    if (payload.type === "task_started") {
      open = { id: payload.turn_id, start: index };
      hasTurns = true;
    } else if (payload.type === "task_complete") open = null;
    else if (payload.type === "turn_aborted") {
      if (payload.turn_id === null || payload.turn_id === open?.id) open = null;
    }
  }
  if (open !== null || hasTurns) return open;
  const last = userMessages(lines).at(-1);
  const isOver = lines
    .slice(last?.index)
    .some(
      (line) =>
        line.type === "event_msg" &&
        (line.payload.type === "task_complete" || line.payload.type === "turn_aborted"),
    );
  return last === undefined || isOver ? null : { id: null, start: last.turnStart };
}
