// What the first and the last lines of a session file tell, without reading what lies between.
import type { RolloutLine, SessionMeta } from "@codex-ts/protocol";
import { isBlank, linesFromEnd, linesFromStart, parseLine } from "./lines.ts";

export interface SessionHead {
  readonly meta: SessionMeta;
  /** The first message of the user, without what an editor put before it. */
  readonly preview: string;
}

type DecodeLine = (value: unknown) => RolloutLine | null;

const blockSize = 64 * 1024;
/** Within how many lines `session_meta` must come, and within how many more the user's message. */
const metaLines = 10;
const messageLines = metaLines + 200;
/** An editor's context stands before this heading, what the person wrote behind it. */
const requestHeading = "## My request for Codex:";

/** Null for a file that does not begin like a session in which a person has spoken. */
export function readSessionHead(path: string, decodeLine: DecodeLine): SessionHead | null {
  let count = 0;
  let meta: SessionMeta | undefined;
  for (const line of linesOf(() => linesFromStart(path, blockSize))) {
    count += 1;
    if (count > (meta === undefined ? metaLines : messageLines)) return null;
    if (!line.includes('"session_meta"') && !line.includes('"user_message"')) continue;
    const item = decodeLine(parseLine(line));
    if (item?.type === "session_meta") meta ??= item.payload;
    if (item?.type !== "event_msg" || item.payload.type !== "user_message") continue;
    return meta === undefined ? null : { meta, preview: previewOf(item.payload.message) };
  }
  return null;
}

/** The folder of the session's last turn; null when no turn has said it. */
export function readLatestCwd(path: string, decodeLine: DecodeLine): string | null {
  for (const line of linesOf(() => linesFromEnd(path, blockSize))) {
    if (!line.includes('"turn_context"')) continue;
    const item = decodeLine(parseLine(line));
    if (item?.type === "turn_context") return item.payload.cwd;
  }
  return null;
}

function previewOf(message: string): string {
  const heading = message.indexOf(requestHeading);
  return (heading === -1 ? message : message.slice(heading + requestHeading.length)).trim();
}

// A file that vanishes or cannot be read while a folder is gone through is no reason to give up.
function* linesOf(lines: () => Generator<Buffer, void, void>): Generator<Buffer, void, void> {
  try {
    for (const line of lines()) if (!isBlank(line)) yield line;
  } catch {
    // It tells nothing more.
  }
}
