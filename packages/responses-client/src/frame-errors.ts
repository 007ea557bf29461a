// What goes wrong on the way to a response over a WebSocket, and what that means.
import { HttpError, HttpStatusError, type ResponseHeaders } from "@codex-ts/http-client";

/** The handshake says that there is no WebSocket to be had: server-sent events may do. */
export class NoWebSocketHere extends Error {
  override readonly name = "NoWebSocketHere";

  constructor(cause: unknown) {
    super("the server opens no WebSocket", { cause });
  }
}

/** Statuses of a handshake that say nothing about WebSockets: who may, how often, and not now. */
const OTHER_MATTERS: ReadonlySet<number> = new Set([401, 408, 409, 425, 429]);

/** Whether a failed handshake can only fail again, while plain HTTP might not. */
export function isNoWebSocketHere(error: unknown): boolean {
  if (error instanceof HttpStatusError) {
    return error.status < 500 && !OTHER_MATTERS.has(error.status);
  }
  return error instanceof HttpError && error.code === "proxy";
}

type Fields = Readonly<Record<string, unknown>>;

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** An `error` event that carries a status means what a response with that status would mean. */
export function statusOfEvent(event: Fields, url: string): HttpStatusError | undefined {
  const status = event["status"] ?? event["status_code"];
  if (event["type"] !== "error" || typeof status !== "number") return undefined;
  const headers: ResponseHeaders = new Map(
    Object.entries(asFields(event["headers"])).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
  );
  return new HttpStatusError({ status, url, headers, body: JSON.stringify(event) });
}

/** The error that a frame stands for, if it stands for one with a status. */
export function readStatusFrame(data: string, url: string): HttpStatusError | undefined {
  if (!data.includes('"error"')) return undefined;
  try {
    return statusOfEvent(asFields(JSON.parse(data)), url);
  } catch {
    return undefined;
  }
}
