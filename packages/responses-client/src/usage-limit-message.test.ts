import { describe, expect, it } from "vitest";
import { type UsageLimitFacts, usageLimitMessage } from "./usage-limit-message.ts";

const noon = new Date(2027, 0, 2, 12, 0);
const seconds = (date: Date): number => date.getTime() / 1000;

const facts: UsageLimitFacts = {
  planType: null,
  resetsAt: null,
  promoMessage: null,
  rateLimit: {
    limit_id: "codex",
    limit_name: null,
    primary: null,
    secondary: null,
    credits: null,
    plan_type: null,
  },
  now: noon.getTime(),
};

const message = (changes: Partial<UsageLimitFacts>): string =>
  usageLimitMessage({ ...facts, ...changes });

const reached = "You've reached your usage limit.";
const plus = "Upgrade to Plus (https://chatgpt.com/explore/plus) to go on";
const admin = "To get more access now, send a request to your admin";

describe("usageLimitMessage", () => {
  it.each([
    [
      "plus",
      "Upgrade to Pro (https://chatgpt.com/explore/pro), buy more credits (https://chatgpt.com/codex/settings/usage)",
    ],
    ["pro", "Buy more credits (https://chatgpt.com/codex/settings/usage)"],
    ["free", plus],
    ["go", plus],
    ["team", admin],
    ["self_serve_business_usage_based", admin],
    ["business", admin],
    ["enterprise_cbp_usage_based", admin],
  ])("tells the plan %s what it can do, or when to come back", (planType, advice) => {
    expect(message({ planType })).toBe(`${reached} ${advice}, or try again later.`);
    expect(message({ planType, resetsAt: seconds(new Date(2027, 0, 2, 15, 5)) })).toBe(
      `${reached} ${advice}, or try again at 3:05 PM.`,
    );
  });

  it.each([["enterprise"], ["edu"], ["a plan of tomorrow"], [null]])(
    "tells the plan %s only when to come back",
    (planType) => {
      expect(message({ planType })).toBe(`${reached} Try again later.`);
      expect(message({ planType, resetsAt: seconds(new Date(2027, 0, 2, 0, 30)) })).toBe(
        `${reached} Try again at 12:30 AM.`,
      );
    },
  );

  it("shows the server's promotion instead of the plan's advice", () => {
    expect(message({ planType: "plus", promoMessage: "Credits are cheap today" })).toBe(
      `${reached} Credits are cheap today, or try again later.`,
    );
    expect(message({ planType: "plus", promoMessage: "Credits are cheap!" })).toBe(
      `${reached} Credits are cheap! Or try again later.`,
    );
  });

  it("says to switch the model when another limit than the general one is reached", () => {
    const rateLimit = { ...facts.rateLimit, limit_id: "codex_other", limit_name: "Other" };
    expect(message({ planType: "plus", promoMessage: "Buy", rateLimit })).toBe(
      "You've reached your usage limit for Other. Switch to another model now, or try again later.",
    );
    const general = { ...facts.rateLimit, limit_name: "Codex" };
    expect(message({ rateLimit: general })).toBe(`${reached} Try again later.`);
  });

  it("does not say to switch the model to who has credits", () => {
    const credits = { has_credits: true, unlimited: false, balance: "5" };
    const rateLimit = { ...facts.rateLimit, limit_name: "Other", credits };
    expect(message({ rateLimit })).toBe(
      "You've reached your usage limit for Other. Try again later.",
    );
  });

  it.each([
    [new Date(2027, 0, 3, 15, 5), "Jan 3rd, 2027 3:05 PM"],
    [new Date(2027, 1, 1, 0, 0), "Feb 1st, 2027 12:00 AM"],
    [new Date(2027, 10, 22, 12, 59), "Nov 22nd, 2027 12:59 PM"],
    [new Date(2028, 11, 11, 9, 9), "Dec 11th, 2028 9:09 AM"],
    [new Date(2028, 11, 12, 9, 9), "Dec 12th, 2028 9:09 AM"],
    [new Date(2028, 11, 13, 9, 9), "Dec 13th, 2028 9:09 AM"],
    [new Date(2028, 11, 24, 9, 9), "Dec 24th, 2028 9:09 AM"],
    [new Date(2027, 2, 31, 23, 0), "Mar 31st, 2027 11:00 PM"],
  ])("names the date when it is not today's (%s)", (date, text) => {
    expect(message({ resetsAt: seconds(date) })).toBe(`${reached} Try again at ${text}.`);
  });
});
