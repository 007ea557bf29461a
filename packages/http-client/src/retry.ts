// The request layer's retries: how often, when, and after which wait.
import { abortError, HttpError, HttpStatusError } from "./errors.ts";
import type { ResponseHeaders } from "./headers.ts";

/** Waits `ms`; rejects with the signal's reason when it is aborted first. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

const LONGEST_WAIT_MS = 60_000;

/** Waits by the clock. */
export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });

/**
 * The wait before the `retry`-th retry (from 1) in milliseconds: 200 × 2^(retry − 1), varied by a
 * tenth either way, and never more than a minute.
 */
export function retryDelayMs(retry: number, random: () => number = Math.random): number {
  const base = Math.min(200 * 2 ** (retry - 1), LONGEST_WAIT_MS);
  return Math.round(base * (0.9 + 0.2 * random()));
}

/**
 * The wait that a server asks for in `Retry-After` (seconds or a date; RFC 9110, section 10.2.3) or
 * `Retry-After-Ms`, in milliseconds; undefined when it asks for none.
 */
export function retryAfterMs(
  headers: ResponseHeaders,
  now: number = Date.now(),
): number | undefined {
  const inMs = headers.get("retry-after-ms");
  if (inMs !== undefined && /^\d+(\.\d+)?$/.test(inMs)) return Math.round(Number(inMs));
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Whether the request layer may send again: status 500 and above, timeouts, and broken connections. */
export function isRetryableRequest(error: unknown): boolean {
  if (error instanceof HttpStatusError) return error.status >= 500;
  return error instanceof HttpError && (error.code === "timeout" || error.code === "network");
}

/** How often to try again, and what is used for waiting. */
export interface RetryOptions {
  /** Retries after the first attempt. */
  readonly maxRetries: number;
  /** {@link isRetryableRequest} when missing. */
  readonly isRetryable?: ((error: unknown) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** {@link sleep} when missing. */
  readonly sleep?: Sleep | undefined;
  /** From 0 to 1, varies the waits; `Math.random` when missing. */
  readonly random?: (() => number) | undefined;
}

/**
 * Calls `attempt` until it succeeds, fails for good, or the retries are used up; then its own last
 * error is thrown. A wait that the server asked for is kept, up to a minute.
 *
 * @throws HttpError `aborted` when the signal ends the wait.
 */
export async function withRequestRetries<T>(
  attempt: () => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { maxRetries, isRetryable = isRetryableRequest, signal, sleep: wait = sleep } = options;
  const { random } = options;
  for (let retry = 1; ; retry += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (retry > maxRetries || !isRetryable(error)) throw error;
      const asked = error instanceof HttpStatusError ? retryAfterMs(error.headers) : undefined;
      await pause(wait, Math.min(asked ?? retryDelayMs(retry, random), LONGEST_WAIT_MS), signal);
    }
  }
}

async function pause(wait: Sleep, ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, signal);
  } catch (error) {
    throw signal?.aborted === true ? abortError(signal, "the server") : error;
  }
}
