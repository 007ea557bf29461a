// Server-sent events out of a response's body (WHATWG HTML, section 9.2).
import { createParser } from "eventsource-parser";
import { HttpError } from "./errors.ts";
import type { HttpResponse } from "./response.ts";

/** One event of a stream. Its `id:` and `retry:` are dropped. */
export interface ServerSentEvent {
  /** The `event:` field; undefined when the event has none. */
  readonly event: string | undefined;
  /** The `data:` lines, joined by newlines. */
  readonly data: string;
}

/** Limits of a stream. */
export interface ServerSentEventsOptions {
  /**
   * How long the stream may stay without an event, in milliseconds, for ever when missing; comments
   * do not count as one.
   */
  readonly idleTimeoutMs?: number | undefined;
  /** The longest event, in characters; 128 Mi when missing. */
  readonly maxEventLength?: number | undefined;
}

const MAX_EVENT_LENGTH = 128 * 1024 * 1024;

/**
 * The events of a stream as they arrive. Lines may end in any way, chunks may be cut anywhere, and an
 * event at the very end counts without its blank line. Ends with the body.
 *
 * @throws HttpError `timeout` when no event arrives in time, `network` when the connection breaks or
 * an event is too long, `aborted`.
 */
export async function* readServerSentEvents(
  response: Pick<HttpResponse, "body" | "cancel" | "url">,
  options: ServerSentEventsOptions = {},
): AsyncGenerator<ServerSentEvent, void> {
  const { idleTimeoutMs, maxEventLength = MAX_EVENT_LENGTH } = options;
  let events: ServerSentEvent[] = [];
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent: ({ event, data }) => events.push({ event, data }),
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") isTooLong = true;
    },
  });
  const decoder = new TextDecoder();
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    if (idleTimeoutMs === undefined) return;
    timer = setTimeout(() => {
      const text = `${response.url} sent no event for ${idleTimeoutMs} ms`;
      response.cancel(new HttpError("timeout", text));
    }, idleTimeoutMs);
  };
  const take = (): readonly ServerSentEvent[] => {
    const taken = events;
    events = [];
    return taken;
  };

  arm();
  try {
    for await (const chunk of response.body) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (isTooLong) {
        const text = `${response.url} sent an event of more than ${maxEventLength} characters`;
        throw new HttpError("network", text);
      }
      if (events.length === 0) continue;
      clearTimeout(timer);
      yield* take();
      arm();
    }
    parser.feed(`${decoder.decode()}\n\n`);
    yield* take();
  } finally {
    clearTimeout(timer);
  }
}
