// Identifiers: UUID v7 for threads and submissions (RFC 9562, section 5.7).

declare const threadIdBrand: unique symbol;

/** A thread's id (also its session id): a hyphenated lowercase UUID, version 7 when made here. */
export type ThreadId = string & { readonly [threadIdBrand]: "ThreadId" };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether `text` is any UUID in hyphenated form. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Reads a thread id; any UUID version is accepted, the result is lowercase. Null for other text. */
export function parseThreadId(text: string): ThreadId | null {
  return isUuid(text) ? (text.toLowerCase() as ThreadId) : null;
}

/** Makes a new thread id (UUID v7). `now` is in milliseconds since the epoch. */
export function newThreadId(now: number = Date.now()): ThreadId {
  return uuidV7(now) as ThreadId;
}

let lastTime = 0;
let sequence = 0;

/** How far the clock may fall behind the ids already made before it counts as another clock. */
const CLOCK_LAG_MS = 10_000;

/**
 * A UUID v7 whose text sorts by creation time: ids made in one millisecond by one process count up in
 * the 12 bits that follow the time (RFC 9562, section 6.2, method 1).
 */
export function uuidV7(now: number = Date.now()): string {
  const random = crypto.getRandomValues(Buffer.alloc(10));
  let time = Math.max(0, Math.floor(now));
  if (time < lastTime && lastTime - time < CLOCK_LAG_MS) time = lastTime;
  if (time === lastTime) {
    sequence += 1;
    if (sequence > 0xfff) {
      sequence = 0;
      time += 1;
    }
  } else {
    sequence = ((random[8] ?? 0) << 3) | ((random[9] ?? 0) >> 5);
  }
  lastTime = time;
  const timeHex = time.toString(16).padStart(12, "0");
  const variant = (0x80 | ((random[0] ?? 0) & 0x3f)).toString(16).padStart(2, "0");
  const tail = random.subarray(1, 8).toString("hex");
  return [
    timeHex.slice(0, 8),
    timeHex.slice(8),
    `7${sequence.toString(16).padStart(3, "0")}`,
    `${variant}${tail.slice(0, 2)}`,
    tail.slice(2),
  ].join("-");
}

/** The creation time in milliseconds since the epoch that a UUID v7 carries; null for other versions. */
export function uuidV7Time(id: string): number | null {
  if (!isUuid(id) || id[14] !== "7") return null;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
