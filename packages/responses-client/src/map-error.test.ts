import { HttpError, HttpStatusError } from "@codex-ts/http-client";
import { describe, expect, it } from "vitest";
import type { ResponsesError } from "./contract.ts";
import { readError, waitInText } from "./error-texts.ts";
import { statusOfEvent } from "./frame-errors.ts";
import { mapFailedResponse, mapHttpError, mapStatusError } from "./map-error.ts";

const now = new Date(2027, 0, 2, 12, 0).getTime();
const url = "https://api.example.test/v1/responses";

function status(
  code: number,
  body: string | object = "",
  headers: Readonly<Record<string, string>> = {},
): HttpStatusError {
  return new HttpStatusError({
    status: code,
    url,
    headers: new Map(Object.entries(headers)),
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

function facts(error: ResponsesError) {
  const { code, message, retryable, info, retryAfterMs, httpStatus } = error;
  return { code, message, retryable, info, retryAfterMs, httpStatus };
}

const mapped = (...args: Parameters<typeof status>) => facts(mapStatusError(status(...args), now));

const base = { retryable: false, info: "other", retryAfterMs: undefined };

describe("mapStatusError", () => {
  it("knows an overloaded server, which another try does not help", () => {
    for (const code of ["server_is_overloaded", "slow_down"]) {
      expect(mapped(503, { error: { code } })).toEqual({
        ...base,
        code: "server_overloaded",
        message: "the selected model is at capacity; try another model",
        info: "server_overloaded",
        httpStatus: 503,
      });
    }
    expect(mapped(503, "busy", { "retry-after": "2" })).toEqual({
      ...base,
      code: "unavailable",
      message: `unexpected status 503 Service Unavailable: busy, url: ${url}`,
      retryable: true,
      retryAfterMs: 2000,
      httpStatus: 503,
    });
  });

  it("takes 400 as final, and keeps what the server said", () => {
    const body = '{"error":{"message":"Unknown parameter"}}';
    expect(mapped(400, body)).toEqual({
      ...base,
      code: "invalid_request",
      message: body,
      httpStatus: 400,
    });
    expect(mapped(400)).toMatchObject({ message: "the server rejected the request" });
    expect(mapped(400, { error: { code: "context_length_exceeded" } })).toMatchObject({
      code: "context_window_exceeded",
      info: "context_window_exceeded",
      retryable: false,
    });
  });

  it("tells an image that is none from other bad requests", () => {
    const text = "The image data you provided does not represent a valid image. Please check.";
    expect(mapped(400, { error: { message: text } })).toEqual({
      ...base,
      code: "invalid_image",
      message: "the server does not accept an image of the request",
      httpStatus: 400,
    });
  });

  it("takes 500 as passing", () => {
    expect(mapped(500)).toEqual({
      ...base,
      code: "internal_server_error",
      message: "the service has trouble, maybe for a moment, for example under high demand",
      retryable: true,
      info: "internal_server_error",
      httpStatus: 500,
    });
  });

  it("tells who has used up a limit what to do, with the limits of the active one", () => {
    const error = mapStatusError(
      status(
        /*code*/ 429,
        {
          error: {
            type: "usage_limit_reached",
            plan_type: "plus",
            resets_at: new Date(2027, 0, 2, 15, 5).getTime() / 1000,
          },
        },
        {
          "x-codex-active-limit": "codex_other",
          "x-codex-other-primary-used-percent": "100",
          "x-codex-other-primary-window-minutes": "60",
          "x-codex-primary-used-percent": "1",
        },
      ),
      now,
    );
    expect({ ...facts(error), rateLimits: error.rateLimits }).toEqual({
      ...base,
      code: "usage_limit_reached",
      message:
        "You've reached your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), buy more credits (https://chatgpt.com/codex/settings/usage), or try again at 3:05 PM.",
      info: "usage_limit_exceeded",
      httpStatus: 429,
      rateLimits: {
        limit_id: "codex_other",
        limit_name: null,
        primary: { used_percent: 100, window_minutes: 60, resets_at: null },
        secondary: null,
        credits: null,
        plan_type: null,
      },
    });
  });

  it("knows a plan without the service, and a quota that is used up", () => {
    expect(mapped(429, { error: { type: "usage_not_included" } })).toEqual({
      ...base,
      code: "usage_not_included",
      message:
        "your ChatGPT plan does not include this; upgrade to Plus: https://chatgpt.com/explore/plus",
      info: "usage_limit_exceeded",
      httpStatus: 429,
    });
    expect(mapped(429, { error: { type: "insufficient_quota" } })).toMatchObject({
      code: "quota_exceeded",
      retryable: false,
    });
  });

  it("takes any other 429 as final, unless the server names a wait", () => {
    const info = { response_too_many_failed_attempts: { http_status_code: 429 } };
    expect(mapped(429, "", { "x-request-id": "req_1", "cf-ray": "ray" })).toEqual({
      ...base,
      code: "retry_limit",
      message: "rate limit exceeded, last status: 429 Too Many Requests, request id: req_1",
      info,
      httpStatus: 429,
    });
    expect(mapped(429, "", { "cf-ray": "ray" }).message).toContain(", request id: ray");
    expect(mapped(429, { error: { message: "Please try again in 1.5s." } })).toMatchObject({
      retryable: true,
      retryAfterMs: 1500,
    });
    expect(mapped(429, "", { "retry-after": "7" })).toMatchObject({
      retryable: true,
      retryAfterMs: 7000,
    });
  });

  it("tries again only what can pass", () => {
    const again = [401, 403, 404, 408, 409, 413, 422, 425, 502, 504].filter(
      (code) => mapped(code).retryable,
    );
    expect(again).toEqual([408, 409, 425, 502, 504]);
  });

  it("adds what identifies the request to an unexpected status", () => {
    const authError = Buffer.from('{"error":{"code":"token_expired"}}').toString("base64");
    expect(
      mapped(
        401,
        { error: { message: " Bad token " } },
        {
          "cf-ray": "ray-1",
          "x-oai-request-id": "req_1",
          "x-openai-authorization-error": "missing_header",
          "x-error-json": authError,
        },
      ),
    ).toEqual({
      ...base,
      code: "unexpected_status",
      message: `unexpected status 401 Unauthorized: Bad token, url: ${url}, cf-ray: ray-1, request id: req_1, auth error: missing_header, auth error code: token_expired`,
      httpStatus: 401,
    });
    expect(mapped(418, "", { "x-error-json": "!!!" }).message).toBe(
      `unexpected status 418 I'm a Teapot: no more was said, url: ${url}`,
    );
  });

  it("cuts a long body at 1000 bytes, not within a character", () => {
    expect(mapped(404, "x".repeat(1010)).message).toBe(
      `unexpected status 404 Not Found: ${"x".repeat(1000)}..., url: ${url}`,
    );
    expect(mapped(404, `x${"€".repeat(400)}`).message).toBe(
      `unexpected status 404 Not Found: x${"€".repeat(333)}..., url: ${url}`,
    );
  });

  it("cuts every message at 2 KiB", () => {
    expect(mapped(400, "x".repeat(5000)).message).toBe(`${"x".repeat(2048)}...`);
  });

  it("explains a page by which Cloudflare blocks the request", () => {
    const page = "<html><title>Cloudflare</title>Sorry, you have been blocked</html>";
    expect(mapped(403, page, { "cf-ray": "ray-1" })).toMatchObject({
      message: `the request was blocked by Cloudflare, probably because it comes from a region that is not served (status 403 Forbidden), url: ${url}, cf-ray: ray-1`,
      retryable: false,
    });
  });
});

describe("an error event with a status", () => {
  const mapEvent = (event: Readonly<Record<string, unknown>>): ResponsesError =>
    mapStatusError(statusOfEvent(event, url) as HttpStatusError, now);

  it("means what a response with that status would mean, whatever its headers' types", () => {
    const event = {
      type: "error",
      status: 429,
      error: { type: "usage_limit_reached", plan_type: "pro" },
      headers: { "X-Codex-Primary-Used-Percent": 100, "x-codex-primary-window-minutes": 15 },
    };
    const error = mapEvent(event);
    expect(error.code).toBe("usage_limit_reached");
    expect(error.rateLimits?.primary).toEqual({
      used_percent: 100,
      window_minutes: 15,
      resets_at: null,
    });
    expect(mapEvent({ type: "error", status: 400 })).toMatchObject({
      code: "invalid_request",
      message: '{"type":"error","status":400}',
    });
  });

  it("about a connection that may carry no more is cured by a new one, at once", () => {
    const error = { code: "websocket_connection_limit_reached" };
    expect(mapEvent({ type: "error", status: 400, error })).toMatchObject({
      code: "connection_limit",
      retryable: true,
      retryAfterMs: 0,
    });
  });

  it("is none without one", () => {
    expect(statusOfEvent({ type: "error", error: { code: "x" } }, url)).toBeUndefined();
    expect(statusOfEvent({ type: "response.failed", status: 500 }, url)).toBeUndefined();
  });
});

describe("mapFailedResponse", () => {
  const failed = (error: object) => facts(mapFailedResponse(readError(error)));

  it.each([
    ["context_length_exceeded", "context_window_exceeded", "context_window_exceeded"],
    ["insufficient_quota", "quota_exceeded", "usage_limit_exceeded"],
    ["usage_not_included", "usage_not_included", "usage_limit_exceeded"],
    ["server_is_overloaded", "server_overloaded", "server_overloaded"],
    ["slow_down", "server_overloaded", "server_overloaded"],
    ["invalid_prompt", "invalid_request", "other"],
  ])("takes %s as final: %s", (code, expected, info) => {
    expect(failed({ code })).toMatchObject({ code: expected, info, retryable: false });
  });

  it("keeps the server's words about a prompt", () => {
    expect(failed({ code: "invalid_prompt", message: "Not this one." }).message).toBe(
      "Not this one.",
    );
    expect(failed({ code: "invalid_prompt" }).message).toBe(
      "the server does not accept this prompt",
    );
  });

  it("takes everything else as a broken stream, with the wait that a rate limit names", () => {
    expect(failed({ code: "rate_limit_exceeded", message: "Try again in 28ms." })).toEqual({
      ...base,
      code: "stream",
      message: "stream disconnected before completion: Try again in 28ms.",
      retryable: true,
      retryAfterMs: 28,
      httpStatus: undefined,
    });
    expect(failed({ code: "other", message: "Try again in 28ms." }).retryAfterMs).toBeUndefined();
    expect(failed({ code: "boom" }).message).toBe(
      "stream disconnected before completion: the response failed (boom)",
    );
    expect(failed({}).message).toBe("stream disconnected before completion: the response failed");
  });
});

describe("waitInText", () => {
  it.each([
    ["Rate limit reached. Please try again in 28ms.", 28],
    ["try again in 1.898s", 1898],
    ["Please Try Again In 35 seconds, or later", 35_000],
    ["try again in 1 second", 1000],
    ["try again in 6m0s", 360_000],
    ["try again in 1h2m3.5s", 3_723_500],
    ["try again in 2 minutes", 120_000],
    ["try again in 1 min 30 sec", 90_000],
    ["try again in 3 milliseconds", 3],
    ["try again in 3 months", undefined],
    ["try again in a while", undefined],
    ["try again", undefined],
  ])("reads %j", (text, expected) => {
    expect(waitInText(text)).toBe(expected);
  });
});

describe("mapHttpError", () => {
  const map = (
    code: ConstructorParameters<typeof HttpError>[0],
    phase: "connecting" | "streaming",
  ) => facts(mapHttpError(new HttpError(code, "what happened"), phase, now));

  it("begins every message of a broken connection with the words that clients look for", () => {
    const message = "stream disconnected before completion: what happened";
    const retryable = { ...base, message, retryable: true, httpStatus: undefined };
    expect(map("network", "connecting")).toEqual({ ...retryable, code: "connection_failed" });
    expect(map("network", "streaming")).toEqual({ ...retryable, code: "stream" });
    expect(map("timeout", "connecting")).toEqual({ ...retryable, code: "timeout" });
    expect(map("timeout", "streaming")).toEqual({ ...retryable, code: "stream" });
  });

  it("takes what a person must set right as final", () => {
    for (const code of ["build", "certificates", "proxy"] as const) {
      expect(map(code, "connecting")).toEqual({
        ...base,
        code: "connection_blocked",
        message: "what happened",
        httpStatus: undefined,
      });
    }
    expect(map("aborted", "streaming")).toMatchObject({ code: "aborted", retryable: false });
  });
});
