import { describe, expect, it } from "vitest";
import { HttpError } from "./errors.ts";
import { readServerSentEvents, type ServerSentEventsOptions } from "./server-sent-events.ts";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

async function read(text: string, size = Infinity, options: ServerSentEventsOptions = {}) {
  const bytes = new TextEncoder().encode(text);
  const response = {
    url: "http://a.test/",
    body: inPieces(bytes, Math.min(size, Math.max(1, bytes.length))),
    cancel: () => {},
  };
  return collect(readServerSentEvents(response, options));
}

const data = (...texts: readonly string[]) =>
  texts.map((text) => ({ event: undefined, data: text }));

describe("readServerSentEvents", () => {
  it("reads names and data, and joins several data lines", async () => {
    expect(await read("event: a\ndata: 1\n\ndata: x\ndata: y\n\n")).toEqual([
      { event: "a", data: "1" },
      { event: undefined, data: "x\ny" },
    ]);
  });

  it("gives the same events wherever the chunks are cut and however lines end", async () => {
    const text = ': hello\nid: 1\nevent: naïve\ndata: {"a":"é€😀"}\n\nretry: 5\ndata:second\n\n';
    const expected = [
      { event: "naïve", data: '{"a":"é€😀"}' },
      { event: undefined, data: "second" },
    ];
    for (const end of ["\n", "\r\n", "\r"]) {
      const bytes = new TextEncoder().encode(text.replaceAll("\n", end)).length;
      for (let size = 1; size <= bytes; size += 1) {
        expect(await read(text.replaceAll("\n", end), size)).toEqual(expected);
      }
    }
  });

  it("gives an event that ends with the body instead of a blank line", async () => {
    expect(await read("data: 1\n\ndata: 2")).toEqual(data("1", "2"));
    expect(await read("data: 1\r\n\r\ndata: 2\r\n")).toEqual(data("1", "2"));
    expect(await read("data: 1\n\ndata: 2\n", /*size*/ 3)).toEqual(data("1", "2"));
  });

  it("passes over comments, blank lines and fields that it does not know", async () => {
    expect(await read("\uFEFF: ping\n\n\n\nfoo: bar\nnonsense\ndata: 1\n\n: bye\n")).toEqual(
      data("1"),
    );
    expect(await read("")).toEqual([]);
  });

  it("reads an event of many megabytes in time that grows with its length alone", async () => {
    const long = "x".repeat(8 * 1024 * 1024);
    expect(await read(`data: ${long}\n\n`, 16 * 1024)).toEqual(data(long));
  });

  it("refuses an event beyond the limit", async () => {
    await expect(
      read(`data: ${"x".repeat(100)}\n\n`, /*size*/ 10, { maxEventLength: 50 }),
    ).rejects.toThrow(
      new HttpError("network", "http://a.test/ sent an event of more than 50 characters"),
    );
  });

  it("times out when only comments arrive", async () => {
    let reason: Error | undefined;
    async function* comments(): AsyncGenerator<Uint8Array> {
      const ping = new TextEncoder().encode(": ping\n");
      for (;;) {
        if (reason !== undefined) throw reason;
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield ping;
      }
    }
    const response = {
      url: "http://a.test/",
      body: comments(),
      cancel: (error?: Error) => {
        reason = error;
      },
    };
    await expect(
      collect(readServerSentEvents(response, { idleTimeoutMs: 40 })),
    ).rejects.toMatchObject({ code: "timeout", message: "http://a.test/ sent no event for 40 ms" });
  });

  it("does not count the time in which the reader is busy", async () => {
    let cancelled = false;
    const response = {
      url: "http://a.test/",
      body: inPieces(new TextEncoder().encode("data: 1\n\ndata: 2\n\n"), /*size*/ 9),
      cancel: () => {
        cancelled = true;
      },
    };
    const seen: string[] = [];
    for await (const event of readServerSentEvents(response, { idleTimeoutMs: 30 })) {
      seen.push(event.data);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect({ seen, cancelled }).toEqual({ seen: ["1", "2"], cancelled: false });
  });
});
