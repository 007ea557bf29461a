import { expect, it } from "vitest";
import { ResponsesError, type ResponsesErrorCode } from "./contract.ts";
import { retryRules, turnRetryDelayMs } from "./retry-rules.ts";

it("every code is retried as its row says, and the wait is the server's or the rule's", () => {
  for (const [code, { turn }] of Object.entries(retryRules)) {
    const error = (retryAfterMs?: number): ResponsesError =>
      new ResponsesError(code as ResponsesErrorCode, "", { info: "other", retryAfterMs });
    expect([code, error().retryable, error(/*retryAfterMs*/ 5).retryable]).toEqual([
      code,
      turn === "again",
      turn !== "no",
    ]);
  }
  expect(turnRetryDelayMs({ retryAfterMs: 7 }, /*retry*/ 3)).toBe(7);
  expect([1, 2, 3].map((n) => turnRetryDelayMs({ retryAfterMs: undefined }, n, () => 0.5))).toEqual(
    [200, 400, 800],
  );
});
