// What a process printed, kept within bounds: the first and the last bytes, with a count of the rest.
import { decodeOutput } from "./decode-output.ts";

/** How much of a process's output is kept, in bytes: half from its beginning, half from its end. */
const OUTPUT_CAPACITY = 1024 * 1024;

const FIRST_ALLOCATION = 4096;

/** Bytes of output; `omitted` bytes between `head` and `tail` are lost. */
export interface KeptOutput {
  readonly head: Uint8Array;
  readonly omitted: number;
  readonly tail: Uint8Array;
}

/** Copies what is appended, so that callers may use their buffers again. */
export class OutputBuffer {
  readonly #headRoom: number;
  readonly #tailRoom: number;
  #head: Buffer = Buffer.alloc(0);
  #headLength = 0;
  /** A ring, made when the head is full; `#tailEnd` is where the next byte goes. */
  #tail: Buffer | null = null;
  #tailEnd = 0;
  #tailLength = 0;
  #omitted = 0;

  constructor(capacity: number = OUTPUT_CAPACITY) {
    this.#headRoom = Math.floor(capacity / 2);
    this.#tailRoom = capacity - this.#headRoom;
  }

  append(bytes: Uint8Array): void {
    const first = bytes.subarray(0, this.#headRoom - this.#headLength);
    this.#appendToHead(first);
    if (first.length < bytes.length) this.#appendToTail(bytes.subarray(first.length));
  }

  /** What is kept; the buffer stays as it is. */
  peek(): KeptOutput {
    return {
      head: Buffer.from(this.#head.subarray(0, this.#headLength)),
      omitted: this.#omitted,
      tail: this.#linearTail(),
    };
  }

  /** Takes what is kept and starts anew. */
  take(): KeptOutput {
    const kept = this.peek();
    this.#headLength = 0;
    this.#tail = null;
    this.#tailEnd = 0;
    this.#tailLength = 0;
    this.#omitted = 0;
    return kept;
  }

  #appendToHead(bytes: Uint8Array): void {
    const length = this.#headLength + bytes.length;
    if (length > this.#head.length) {
      const grown = Buffer.alloc(
        Math.min(this.#headRoom, Math.max(FIRST_ALLOCATION, length, 2 * this.#head.length)),
      );
      this.#head.copy(grown, 0, 0, this.#headLength);
      this.#head = grown;
    }
    this.#head.set(bytes, this.#headLength);
    this.#headLength = length;
  }

  #appendToTail(bytes: Uint8Array): void {
    this.#tail ??= Buffer.alloc(this.#tailRoom);
    const kept = bytes.subarray(Math.max(0, bytes.length - this.#tailRoom));
    const beforeWrap = kept.subarray(0, this.#tailRoom - this.#tailEnd);
    this.#tail.set(beforeWrap, this.#tailEnd);
    this.#tail.set(kept.subarray(beforeWrap.length), 0);
    this.#tailEnd = (this.#tailEnd + kept.length) % this.#tailRoom;
    const length = this.#tailLength + bytes.length;
    this.#tailLength = Math.min(length, this.#tailRoom);
    this.#omitted += length - this.#tailLength;
  }

  #linearTail(): Uint8Array {
    if (this.#tail === null) return new Uint8Array();
    const start = (this.#tailEnd - this.#tailLength + this.#tailRoom) % this.#tailRoom;
    const untilWrap = this.#tail.subarray(start, start + this.#tailLength);
    return Buffer.concat([untilWrap, this.#tail.subarray(0, this.#tailLength - untilWrap.length)]);
  }
}

/** The text of kept output, with a line in the middle that says how much is missing. */
export async function outputText({ head, omitted, tail }: KeptOutput): Promise<string> {
  if (omitted === 0) return decodeOutput(Buffer.concat([head, tail]));
  const end = head.length - incompleteSuffixLength(head);
  const start = continuationPrefixLength(tail);
  const missing = omitted + (head.length - end) + start;
  const before = await decodeOutput(head.subarray(0, end));
  const after = await decodeOutput(tail.subarray(start));
  return `${before}\n[... ${missing} bytes of output omitted ...]\n${after}`;
}

/** How many bytes at the end begin a UTF-8 character that is not complete. */
export function incompleteSuffixLength(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length += 1) {
    const byte = bytes[bytes.length - length] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return byte < 0xf8 && needed > length ? length : 0;
  }
  return 0;
}

function continuationPrefixLength(bytes: Uint8Array): number {
  let length = 0;
  while (length < Math.min(3, bytes.length) && ((bytes[length] ?? 0) & 0xc0) === 0x80) length += 1;
  return length;
}
