// The texts of errors, and what is read out of a server's.
import type { HttpStatusError, ResponseHeaders } from "@codex-ts/http-client";

const LONGEST_BODY_PART = 1000;
const LONGEST_MESSAGE = 2048;

/** Every message of a stream that did not complete begins with this; clients look for it. */
export function disconnected(text: string): string {
  return `stream disconnected before completion: ${text}`;
}

/** At most `bytes` bytes of `text`, never half a character; `...` says that something is missing. */
function cut(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  let end = bytes;
  // Continuation bytes of UTF-8 are 10xxxxxx.
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${buffer.toString("utf8", 0, end)}...`;
}

export function cutMessage(message: string): string {
  return cut(message, LONGEST_MESSAGE);
}

/** What an error's JSON body says; every field may be missing. */
export interface ErrorBody {
  readonly type: string | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly planType: string | null;
  readonly resetsAt: number | null;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function asText(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Reads an `error` object. */
export function readError(value: unknown): ErrorBody {
  const error = asRecord(value);
  return {
    type: asText(error["type"]),
    code: asText(error["code"]),
    message: asText(error["message"]),
    planType: asText(error["plan_type"]),
    resetsAt: typeof error["resets_at"] === "number" ? error["resets_at"] : null,
  };
}

/** Reads a body of the form `{ "error": { … } }`. */
export function readErrorBody(body: string): ErrorBody {
  return readError(asRecord(parseJson(body))["error"]);
}

export function requestId(headers: ResponseHeaders): string | undefined {
  return headers.get("x-request-id") ?? headers.get("x-oai-request-id");
}

/** `x-error-json` is base64 of `{ "error": { "code": … } }`. */
function authErrorCode(headers: ResponseHeaders): string | undefined {
  const encoded = headers.get("x-error-json");
  if (encoded === undefined) return undefined;
  return readErrorBody(Buffer.from(encoded, "base64").toString("utf8")).code ?? undefined;
}

/** A status with its name, such as `404 Not Found`. */
export function statusText(status: number): string {
  const name = process.getBuiltinModule("node:http").STATUS_CODES[status];
  return name === undefined ? String(status) : `${status} ${name}`;
}

function details({ url, headers }: HttpStatusError): string {
  const parts: readonly (readonly [label: string, value: string | undefined])[] = [
    ["url", url],
    ["cf-ray", headers.get("cf-ray")],
    ["request id", requestId(headers)],
    ["auth error", headers.get("x-openai-authorization-error")],
    ["auth error code", authErrorCode(headers)],
  ];
  return parts
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([label, value]) => `, ${label}: ${value}`)
    .join("");
}

/** The text for a status that has no meaning of its own. */
export function unexpectedStatusText(error: HttpStatusError): string {
  const { status, body } = error;
  if (status === 403 && body.includes("Cloudflare") && body.includes("blocked")) {
    return `the request was blocked by Cloudflare, probably because it comes from a region that is not served (status ${statusText(status)})${details(error)}`;
  }
  const said =
    readErrorBody(body).message ?? (cut(body.trim(), LONGEST_BODY_PART) || "no more was said");
  return `unexpected status ${statusText(status)}: ${said}${details(error)}`;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The wait that a text asks for, as in `try again in 1.5s` or `Try again in 6m0s`, in milliseconds. */
export function waitInText(text: string): number | undefined {
  const unit = "(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)";
  const amount = String.raw`\d+(?:\.\d+)?\s*${unit}\b|\d+(?:\.\d+)?${unit}(?=\d)`;
  const found = new RegExp(`try again in\\s*((?:(?:${amount})\\s*)+)`, "i").exec(text)?.[1];
  if (found === undefined) return undefined;
  let total = 0;
  for (const [, number, name = ""] of found.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const key = /^m(s$|illi)/i.test(name) ? "ms" : name.charAt(0).toLowerCase();
    total += Number(number) * (UNIT_MS[key] ?? 0);
  }
  return Math.round(total);
}
