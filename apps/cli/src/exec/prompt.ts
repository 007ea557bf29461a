// Where a run's prompt comes from: the command line, standard input, or both.
import type { Terminal } from "../terminal.ts";

export type PromptErrorCode = "no_prompt" | "undecodable_input";

export class PromptError extends Error {
  override readonly name = "PromptError";
  readonly code: PromptErrorCode;

  constructor(code: PromptErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface PromptSources {
  /** The PROMPT argument; `-` reads standard input alone. */
  readonly argument: string | undefined;
  readonly stdinIsTerminal: boolean;
  readonly readStdin: Terminal["readStdin"];
  /** Tells the person, on stderr, that input is being read. */
  readonly note: (text: string) => void;
}

/** A program may leave its end of a pipe open and never mean to write: one with a prompt goes on then. */
const SILENCE_MS = 1000;

/** The text of the turn. @throws PromptError */
export async function readPrompt(sources: PromptSources): Promise<string> {
  const { argument, stdinIsTerminal, readStdin, note } = sources;
  if (argument !== undefined && argument !== "-") {
    if (stdinIsTerminal) return argument;
    note("Reading additional input from stdin...");
    const input = await readStdin({ silenceMs: SILENCE_MS });
    if (input === null) {
      note("Nothing came from stdin: going on without it.");
      return argument;
    }
    const text = decodeInput(input);
    if (text.trim() === "") return argument;
    return `${argument}\n\n<stdin>\n${text}${text.endsWith("\n") ? "" : "\n"}</stdin>`;
  }
  if (argument === undefined) {
    if (stdinIsTerminal) {
      throw new PromptError(
        "no_prompt",
        'no prompt: give one as an argument (codex-ts exec "…") or pipe one in on standard input',
      );
    }
    note("Reading prompt from stdin...");
  }
  const text = decodeInput(await readStdin());
  if (text.trim() === "") {
    throw new PromptError(
      "no_prompt",
      'No prompt provided via stdin. Give it as an argument, codex-ts exec "what to do", or pipe it in.',
    );
  }
  return text;
}

/**
 * Decodes piped bytes: UTF-8, or UTF-16 with a byte order mark. The mark is dropped.
 *
 * @throws PromptError naming the encoding, or the offset of the first byte that is not UTF-8.
 */
export function decodeInput(bytes: Uint8Array): string {
  if (startsWith(bytes, [0xff, 0xfe, 0, 0])) throw unsupported("UTF-32LE");
  if (startsWith(bytes, [0, 0, 0xfe, 0xff])) throw unsupported("UTF-32BE");
  if (startsWith(bytes, [0xff, 0xfe])) return decodeUtf16(bytes.subarray(2), "utf-16le");
  if (startsWith(bytes, [0xfe, 0xff])) return decodeUtf16(bytes.subarray(2), "utf-16be");
  const body = startsWith(bytes, [0xef, 0xbb, 0xbf]) ? bytes.subarray(3) : bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new PromptError(
      "undecodable_input",
      `standard input is not UTF-8: the byte at offset ${firstInvalidByte(body) + bytes.length - body.length} does not belong there; convert the input to UTF-8 (iconv -f FROM -t UTF-8)`,
    );
  }
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

function unsupported(encoding: string): PromptError {
  return new PromptError(
    "undecodable_input",
    `standard input is ${encoding}, which is not supported; convert it to UTF-8 (iconv -f ${encoding} -t UTF-8)`,
  );
}

function decodeUtf16(bytes: Uint8Array, encoding: "utf-16le" | "utf-16be"): string {
  try {
    if (bytes.length % 2 !== 0) throw new TypeError("odd length");
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new PromptError(
      "undecodable_input",
      `standard input starts like ${encoding.toUpperCase()} but is not valid ${encoding.toUpperCase()}; convert it to UTF-8`,
    );
  }
}

/** The offset of the first byte that no UTF-8 text has at its place. */
function firstInvalidByte(bytes: Uint8Array): number {
  let low = 0;
  let high = bytes.length;
  const decodes = (end: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2);
    if (decodes(middle)) low = middle;
    else high = middle - 1;
  }
  // What still decodes as a beginning may end in the head of a character that never came.
  let start = low;
  while (start > 0 && ((bytes[start - 1] ?? 0) & 0xc0) === 0x80) start -= 1;
  const head = bytes[start - 1] ?? 0;
  return head >= 0xc0 && start - 1 + sequenceLength(head) > low ? start - 1 : low;
}

function sequenceLength(head: number): number {
  if (head >= 0xf0) return 4;
  return head >= 0xe0 ? 3 : 2;
}
