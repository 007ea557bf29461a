// What a person is told who has used up a limit: what to do now, by plan, and when it goes on.
import type { RateLimitSnapshot } from "@codex-ts/protocol";

export interface UsageLimitFacts {
  /** The account's plan, as the server names it. */
  readonly planType: string | null;
  /** When the limit is lifted, in seconds since the epoch. */
  readonly resetsAt: number | null;
  readonly promoMessage: string | null;
  readonly rateLimit: RateLimitSnapshot;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const PLUS_PAGE = "https://chatgpt.com/explore/plus";
const PRO_PAGE = "https://chatgpt.com/explore/pro";
const CREDITS_PAGE = "https://chatgpt.com/codex/settings/usage";

const ASK_ADMIN = "To get more access now, send a request to your admin";

const adviceByPlan: Readonly<Record<string, string>> = {
  plus: `Upgrade to Pro (${PRO_PAGE}), buy more credits (${CREDITS_PAGE})`,
  pro: `Buy more credits (${CREDITS_PAGE})`,
  free: `Upgrade to Plus (${PLUS_PAGE}) to go on`,
  go: `Upgrade to Plus (${PLUS_PAGE}) to go on`,
  team: ASK_ADMIN,
  self_serve_business_usage_based: ASK_ADMIN,
  business: ASK_ADMIN,
  enterprise_cbp_usage_based: ASK_ADMIN,
};

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function ordinal(day: number): string {
  const isTeen = day >= 11 && day <= 13;
  const ending = isTeen ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th");
  return `${day}${ending}`;
}

/** In local time: the time alone on the day of `now`, with the date on any other. */
function localTime(resetsAt: number, now: number): string {
  const date = new Date(resetsAt * 1000);
  const hours = date.getHours();
  const minutes = String(date.getMinutes()).padStart(2, "0");
  const time = `${hours % 12 || 12}:${minutes} ${hours < 12 ? "AM" : "PM"}`;
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${MONTHS[date.getMonth()]} ${ordinal(date.getDate())}, ${date.getFullYear()} ${time}`;
}

/** Joins what to do with what to wait for; a text of the server may end in its own full stop. */
function joinAlternative(advice: string, wait: string): string {
  return /[.!?]$/.test(advice) ? `${advice} Or ${wait}` : `${advice}, or ${wait}`;
}

export function usageLimitMessage(facts: UsageLimitFacts): string {
  const { planType, resetsAt, promoMessage, rateLimit, now } = facts;
  const wait = resetsAt === null ? "try again later." : `try again at ${localTime(resetsAt, now)}.`;
  const name = rateLimit.limit_name;
  const isNamed = name !== null && name.toLowerCase() !== "codex";
  const reached = `You've reached your usage limit${isNamed ? ` for ${name}` : ""}.`;
  // Whoever has credits can go on with this model: no reason to leave it.
  const switchModel =
    rateLimit.credits?.has_credits === true ? undefined : "Switch to another model now";
  const advice = isNamed
    ? switchModel
    : (promoMessage ?? (planType === null ? undefined : adviceByPlan[planType.toLowerCase()]));
  return advice === undefined
    ? `${reached} ${wait.replace("try", "Try")}`
    : `${reached} ${joinAlternative(advice, wait)}`;
}
