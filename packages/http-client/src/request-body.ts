// What a request may carry.

/** Bytes, a text that is sent as UTF-8, or pieces. */
export type RequestBody = string | Uint8Array | PiecewiseBody;

/** A body that is made while it is sent: a long one is never in memory as a whole. */
export interface PiecewiseBody {
  /** Bytes of all pieces together. */
  readonly size: number;
  /** Makes the pieces; called again for each time that the body is sent, with the same outcome. */
  pieces(): Iterable<string>;
}

/** What is handed to the network at once, in characters: few writes, and little in memory. */
const GATHERED_LENGTH = 65_536;

export function isPiecewise(body: RequestBody | undefined): body is PiecewiseBody {
  return typeof body === "object" && "pieces" in body;
}

/** The pieces of a body, small ones put together. */
export function* gathered(body: PiecewiseBody): Generator<Buffer, void> {
  let waiting: string[] = [];
  let length = 0;
  for (const piece of body.pieces()) {
    waiting.push(piece);
    length += piece.length;
    if (length < GATHERED_LENGTH) continue;
    yield Buffer.from(waiting.join(""));
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.from(waiting.join(""));
}
