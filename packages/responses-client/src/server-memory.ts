// What the server at the other end of a WebSocket already has, so that only the rest need be sent.
//
// The last response of a connection stands for everything that the model read and wrote up to its end.
// A request that goes on from there names that response and brings the new items. To tell whether it
// does, a rolling hash over the items that the server has is kept, and one hash over all else.
import { encodeResponseItem, type ResponseItem } from "@codex-ts/protocol";
import type { ResponsesRequest } from "./contract.ts";

export interface ServerMemory {
  readonly responseId: string;
  /** How many items the server has. */
  readonly count: number;
  /** The rolling hash over them. */
  readonly items: string;
  /** The hash over everything in the request but its items. */
  readonly rest: string;
}

export interface Continuation {
  readonly previousResponseId: string;
  /** The items that the server does not have yet. */
  readonly input: readonly ResponseItem[];
}

export interface RequestHash {
  /** What must be sent to a server that has `memory`; undefined where only the whole request will do. */
  after(memory: ServerMemory | undefined): Continuation | undefined;
  /** What a server has that completed this request with `output`. */
  completedBy(responseId: string, output: readonly ResponseItem[]): ServerMemory | undefined;
}

const NAME = "sha256";

/**
 * Hashes requests. An item is hashed once for as long as it is the same object, so a long history costs
 * its new items and one short step for each old one.
 *
 * @param encode the form in which items are sent
 */
export function createRequestHasher(
  encode: (item: ResponseItem) => ResponseItem = encodeResponseItem,
): (request: ResponsesRequest) => RequestHash {
  const { createHash } = process.getBuiltinModule("node:crypto");
  const known = new WeakMap<ResponseItem, Uint8Array>();

  function hashOf(item: ResponseItem): Uint8Array {
    let hash = known.get(item);
    if (hash === undefined) {
      hash = createHash(NAME)
        .update(JSON.stringify(encode(item)))
        .digest();
      known.set(item, hash);
    }
    return hash;
  }

  return (request) => {
    const { input, ...others } = request;
    const rest = createHash(NAME).update(JSON.stringify(others)).digest("hex");
    const rolling = createHash(NAME);
    let rolled = 0;
    const rollTo = (count: number): string => {
      for (; rolled < count; rolled += 1) rolling.update(hashOf(input[rolled] as ResponseItem));
      return rolling.copy().digest("hex");
    };
    return {
      after(memory) {
        if (memory === undefined || memory.rest !== rest || memory.count > input.length) {
          return undefined;
        }
        if (rollTo(memory.count) !== memory.items) return undefined;
        return { previousResponseId: memory.responseId, input: input.slice(memory.count) };
      },
      completedBy(responseId, output) {
        if (responseId === "") return undefined;
        rollTo(input.length);
        for (const item of output) rolling.update(hashOf(item));
        const items = rolling.digest("hex");
        return { responseId, count: input.length + output.length, items, rest };
      },
    };
  };
}
