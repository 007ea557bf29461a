import { describe, expect, it } from "vitest";
import { HttpError, HttpStatusError } from "./errors.ts";
import { retryAfterMs, retryDelayMs, sleep, withRequestRetries } from "./retry.ts";

function status(code: number, headers: Record<string, string> = {}): HttpStatusError {
  return new HttpStatusError({
    status: code,
    url: "http://a.test/",
    headers: new Map(Object.entries(headers)),
    body: "",
  });
}

/** Fails with each of `errors` in turn, then succeeds; gives the waits and what came out. */
async function play(errors: readonly Error[], maxRetries: number) {
  const left = [...errors];
  const waits: number[] = [];
  let attempts = 0;
  const outcome = await withRequestRetries(
    async () => {
      attempts += 1;
      const error = left.shift();
      if (error !== undefined) throw error;
      return "done";
    },
    {
      maxRetries,
      random: () => 0.5,
      sleep: async (ms) => {
        waits.push(ms);
      },
    },
  ).catch((error: unknown) => error);
  return { outcome, attempts, waits };
}

describe("withRequestRetries", () => {
  it("retries 5xx, timeouts and broken connections, waiting twice as long each time", async () => {
    const errors = [
      status(/*code*/ 500),
      new HttpError("timeout", ""),
      new HttpError("network", ""),
      status(/*code*/ 503),
    ];
    expect(await play(errors, /*maxRetries*/ 4)).toEqual({
      outcome: "done",
      attempts: 5,
      waits: [200, 400, 800, 1600],
    });
  });

  it("throws the last error itself when the retries are used up", async () => {
    const last = status(/*code*/ 502);
    expect(await play([status(/*code*/ 500), last], /*maxRetries*/ 1)).toEqual({
      outcome: last,
      attempts: 2,
      waits: [200],
    });
  });

  it("does not retry 429, other statuses, or what another try cannot change", async () => {
    for (const error of [
      status(/*code*/ 429, { "retry-after": "1" }),
      status(/*code*/ 401),
      status(/*code*/ 404),
      new HttpError("build", ""),
      new HttpError("certificates", ""),
      new HttpError("proxy", ""),
      new HttpError("aborted", ""),
      new TypeError("a defect"),
    ]) {
      expect(await play([error], /*maxRetries*/ 5)).toEqual({
        outcome: error,
        attempts: 1,
        waits: [],
      });
    }
  });

  it("keeps the wait that the server asks for, up to a minute", async () => {
    const errors = [
      status(/*code*/ 503, { "retry-after": "2" }),
      status(/*code*/ 503, { "retry-after": "3600" }),
    ];
    expect((await play(errors, /*maxRetries*/ 2)).waits).toEqual([2000, 60_000]);
  });

  it("stops waiting when the signal is aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const running = withRequestRetries(
      async () => {
        queueMicrotask(() => controller.abort(reason));
        throw status(/*code*/ 503, { "retry-after": "3600" });
      },
      { maxRetries: 1, signal: controller.signal },
    );
    await expect(running).rejects.toMatchObject({ code: "aborted", cause: reason });
  });
});

describe("retryDelayMs", () => {
  it("varies by a tenth either way", () => {
    expect(retryDelayMs(/*retry*/ 1, () => 0)).toBe(180);
    expect(retryDelayMs(/*retry*/ 3, () => 0.5)).toBe(800);
    expect(retryDelayMs(/*retry*/ 1, () => 0.999_999)).toBe(220);
  });

  it("never grows beyond a minute and a tenth", () => {
    expect(retryDelayMs(/*retry*/ 100, () => 0.5)).toBe(60_000);
  });
});

describe("retryAfterMs", () => {
  const now = Date.parse("2026-05-04T08:00:00Z");
  const read = (headers: Record<string, string>) =>
    retryAfterMs(new Map(Object.entries(headers)), now);

  it("reads seconds, milliseconds and dates", () => {
    expect(read({ "retry-after": "1.5" })).toBe(1500);
    expect(read({ "retry-after": "9", "retry-after-ms": "250" })).toBe(250);
    expect(read({ "retry-after": "Mon, 04 May 2026 08:00:30 GMT" })).toBe(30_000);
    expect(read({ "retry-after": "Mon, 04 May 2026 07:00:00 GMT" })).toBe(0);
  });

  it("ignores what it cannot read", () => {
    expect([read({}), read({ "retry-after": "soon" }), read({ "retry-after": " " })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("sleep", () => {
  it("rejects at once when the signal is already aborted", async () => {
    await expect(sleep(/*ms*/ 60_000, AbortSignal.abort("no"))).rejects.toBe("no");
  });

  it("waits", async () => {
    const start = performance.now();
    await sleep(/*ms*/ 20, new AbortController().signal);
    expect(performance.now() - start).toBeGreaterThanOrEqual(19);
  });
});
