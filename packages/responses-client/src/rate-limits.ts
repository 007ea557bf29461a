// Rate limits, as response headers tell them.
import type { ResponseHeaders } from "@codex-ts/http-client";
import type { CreditsSnapshot, RateLimitSnapshot, RateLimitWindow } from "@codex-ts/protocol";

const DEFAULT_LIMIT = "codex";

function headerName(limitId: string): string {
  return limitId.trim().toLowerCase().replaceAll("_", "-");
}

function readNumber(headers: ResponseHeaders, name: string): number | null {
  const text = headers.get(name)?.trim() ?? "";
  const number = text === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

function readInteger(headers: ResponseHeaders, name: string): number | null {
  const number = readNumber(headers, name);
  return number !== null && Number.isSafeInteger(number) ? number : null;
}

function readBoolean(headers: ResponseHeaders, name: string): boolean | null {
  const text = headers.get(name)?.trim().toLowerCase();
  if (text === "true" || text === "1") return true;
  return text === "false" || text === "0" ? false : null;
}

function readText(headers: ResponseHeaders, name: string): string | null {
  return headers.get(name)?.trim() || null;
}

/** A window of nothing but zeros says nothing, and does not count. */
function readWindow(headers: ResponseHeaders, prefix: string): RateLimitWindow | null {
  const used_percent = readNumber(headers, `${prefix}-used-percent`);
  const window_minutes = readInteger(headers, `${prefix}-window-minutes`);
  const resets_at = readInteger(headers, `${prefix}-reset-at`);
  if (used_percent === null) return null;
  const saysSomething = used_percent !== 0 || (window_minutes ?? 0) !== 0 || resets_at !== null;
  return saysSomething ? { used_percent, window_minutes, resets_at } : null;
}

function readCredits(headers: ResponseHeaders): CreditsSnapshot | null {
  const has_credits = readBoolean(headers, "x-codex-credits-has-credits");
  const unlimited = readBoolean(headers, "x-codex-credits-unlimited");
  if (has_credits === null || unlimited === null) return null;
  return { has_credits, unlimited, balance: readText(headers, "x-codex-credits-balance") };
}

/** The limit `limitId` (`codex` when missing); empty where the headers do not speak of it. */
function readRateLimit(
  headers: ResponseHeaders,
  limitId: string = DEFAULT_LIMIT,
): RateLimitSnapshot {
  const name = headerName(limitId);
  return {
    limit_id: name.replaceAll("-", "_"),
    limit_name: readText(headers, `x-${name}-limit-name`),
    primary: readWindow(headers, `x-${name}-primary`),
    secondary: readWindow(headers, `x-${name}-secondary`),
    credits: readCredits(headers),
    plan_type: null,
  };
}

/** The default limit, in any case, then every other one that has a window, by id. */
export function readRateLimits(headers: ResponseHeaders): readonly RateLimitSnapshot[] {
  const others = [...headers.keys()]
    .flatMap((name) => /^x-(.+)-primary-used-percent$/.exec(name)?.[1] ?? [])
    .filter((name) => name !== DEFAULT_LIMIT)
    .sort()
    .map((name) => readRateLimit(headers, name))
    .filter(({ primary, secondary }) => primary !== null || secondary !== null);
  return [readRateLimit(headers), ...others];
}

/** The limit that a refusal is about. */
export function readActiveRateLimit(headers: ResponseHeaders): RateLimitSnapshot {
  return readRateLimit(headers, readText(headers, "x-codex-active-limit") ?? DEFAULT_LIMIT);
}

export function readPromoMessage(headers: ResponseHeaders): string | null {
  return readText(headers, "x-codex-promo-message");
}

type Fields = Readonly<Record<string, unknown>>;

function asFields(value: unknown): Fields | null {
  return typeof value === "object" && value !== null ? (value as Fields) : null;
}

function windowOf(value: unknown): RateLimitWindow | null {
  const window = asFields(value);
  const used_percent = window?.["used_percent"];
  if (window === null || typeof used_percent !== "number") return null;
  const number = (key: string): number | null => {
    const found = window[key];
    return typeof found === "number" ? found : null;
  };
  return {
    used_percent,
    window_minutes: number("window_minutes"),
    resets_at: number("reset_at") ?? number("resets_at"),
  };
}

/** The limit that a `codex.rate_limits` event tells of. */
export function readRateLimitEvent(event: Fields): RateLimitSnapshot {
  const limits = asFields(event["rate_limits"]) ?? {};
  const credits = asFields(event["credits"]);
  const text = (value: unknown): string | null =>
    typeof value === "string" && value.trim() !== "" ? value.trim() : null;
  const id = text(event["metered_limit_name"]) ?? text(event["limit_name"]) ?? DEFAULT_LIMIT;
  return {
    limit_id: headerName(id).replaceAll("-", "_"),
    limit_name: text(event["limit_name"]),
    primary: windowOf(limits["primary"]),
    secondary: windowOf(limits["secondary"]),
    credits:
      credits === null
        ? null
        : {
            has_credits: credits["has_credits"] === true,
            unlimited: credits["unlimited"] === true,
            balance: text(credits["balance"]),
          },
    plan_type: text(event["plan_type"]),
  };
}
