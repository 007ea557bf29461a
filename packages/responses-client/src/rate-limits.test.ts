import { describe, expect, it } from "vitest";
import { readActiveRateLimit, readPromoMessage, readRateLimits } from "./rate-limits.ts";

const headers = (fields: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(fields));

const empty = {
  limit_id: "codex",
  limit_name: null,
  primary: null,
  secondary: null,
  credits: null,
  plan_type: null,
};

describe("readRateLimits", () => {
  it("gives one empty snapshot when no header speaks of limits", () => {
    expect(readRateLimits(headers({}))).toEqual([empty]);
  });

  it("reads both windows and the credits", () => {
    expect(
      readRateLimits(
        headers({
          "x-codex-primary-used-percent": "12.5",
          "x-codex-primary-window-minutes": "300",
          "x-codex-primary-reset-at": "1770000000",
          "x-codex-secondary-used-percent": "80",
          "x-codex-credits-has-credits": "True",
          "x-codex-credits-unlimited": "0",
          "x-codex-credits-balance": " 9.50 ",
        }),
      ),
    ).toEqual([
      {
        ...empty,
        primary: { used_percent: 12.5, window_minutes: 300, resets_at: 1_770_000_000 },
        secondary: { used_percent: 80, window_minutes: null, resets_at: null },
        credits: { has_credits: true, unlimited: false, balance: "9.50" },
      },
    ]);
  });

  it("puts the default limit first, then the others by id, with their names", () => {
    const limits = readRateLimits(
      headers({
        "x-codex-other-primary-used-percent": "5",
        "x-codex-bengalfox-primary-used-percent": "7",
        "x-codex-bengalfox-limit-name": " Bengal Fox ",
        "x-codex-silent-primary-used-percent": "0",
        "x-codex-primary-used-percent": "1",
      }),
    );
    expect(limits.map(({ limit_id, limit_name }) => [limit_id, limit_name])).toEqual([
      ["codex", null],
      ["codex_bengalfox", "Bengal Fox"],
      ["codex_other", null],
    ]);
  });

  it("drops a window of zeros, and one whose share is no number", () => {
    const window = (fields: Readonly<Record<string, string>>) =>
      readRateLimits(headers(fields))[0]?.primary;
    expect(window({ "x-codex-primary-used-percent": "0" })).toBeNull();
    expect(
      window({ "x-codex-primary-used-percent": "0", "x-codex-primary-window-minutes": "0" }),
    ).toBeNull();
    expect(
      window({ "x-codex-primary-used-percent": "0", "x-codex-primary-window-minutes": "60" }),
    ).toEqual({ used_percent: 0, window_minutes: 60, resets_at: null });
    expect(
      window({ "x-codex-primary-used-percent": "0", "x-codex-primary-reset-at": "5" }),
    ).toEqual({ used_percent: 0, window_minutes: null, resets_at: 5 });
    expect(window({ "x-codex-primary-used-percent": "NaN" })).toBeNull();
    expect(window({ "x-codex-primary-window-minutes": "60" })).toBeNull();
  });

  it("needs both flags for credits", () => {
    expect(readRateLimits(headers({ "x-codex-credits-has-credits": "true" }))).toEqual([empty]);
    expect(
      readRateLimits(
        headers({ "x-codex-credits-has-credits": "true", "x-codex-credits-unlimited": "maybe" }),
      ),
    ).toEqual([empty]);
  });
});

describe("readActiveRateLimit", () => {
  it("takes the limit that the server names, in either spelling", () => {
    const fields = { "x-codex-other-primary-used-percent": "100" };
    const other = {
      ...empty,
      limit_id: "codex_other",
      primary: { used_percent: 100, window_minutes: null, resets_at: null },
    };
    expect(
      readActiveRateLimit(headers({ ...fields, "x-codex-active-limit": "codex_other" })),
    ).toEqual(other);
    expect(
      readActiveRateLimit(headers({ ...fields, "x-codex-active-limit": "Codex-Other" })),
    ).toEqual(other);
    expect(readActiveRateLimit(headers(fields))).toEqual(empty);
  });
});

it("reads a promo message that is not blank", () => {
  expect(readPromoMessage(headers({ "x-codex-promo-message": " Buy more " }))).toBe("Buy more");
  expect(readPromoMessage(headers({ "x-codex-promo-message": " " }))).toBeNull();
});
