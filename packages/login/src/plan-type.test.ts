import { describe, expect, test } from "vitest";
import {
  isBusinessLikePlan,
  isTeamLikePlan,
  isWorkspacePlan,
  parseHostPlan,
  parsePlan,
  planDisplayName,
  toAccountPlan,
} from "./index.ts";

test.each([
  ["free", "Free", false],
  ["go", "Go", false],
  ["plus", "Plus", false],
  ["pro", "Pro", false],
  ["team", "Team", true],
  ["self_serve_business_usage_based", "Self Serve Business Usage Based", true],
  ["business", "Business", true],
  ["enterprise_cbp_usage_based", "Enterprise CBP Usage Based", true],
  ["enterprise", "Enterprise", true],
  ["hc", "Enterprise", true],
  ["edu", "Edu", true],
  ["mystery-tier", "mystery-tier", false],
  ["constructor", "constructor", false],
])("%s is shown as %s; workspace: %s", (raw, display, workspace) => {
  const plan = parsePlan(raw);
  expect([planDisplayName(plan), isWorkspacePlan(plan)]).toEqual([display, workspace]);
});

test("a token's plan name is case-sensitive and does not know education", () => {
  expect(parsePlan("Pro")).toEqual({ kind: "unknown", raw: "Pro" });
  expect(parsePlan("education")).toEqual({ kind: "unknown", raw: "education" });
});

test("a host application may write any case, and education", () => {
  expect(parseHostPlan("Pro")).toEqual({ kind: "known", plan: "pro" });
  expect(parseHostPlan("EDUCATION")).toEqual({ kind: "known", plan: "edu" });
  expect(parseHostPlan("Mystery")).toEqual({ kind: "unknown", raw: "Mystery" });
});

describe("account plans", () => {
  test("an unknown and a missing plan are unknown", () => {
    expect([parsePlan("hc"), parsePlan("mystery-tier"), null].map(toAccountPlan)).toEqual([
      "enterprise",
      "unknown",
      "unknown",
    ]);
  });

  test("usage-based plans go with their family", () => {
    expect((["team", "self_serve_business_usage_based"] as const).every(isTeamLikePlan)).toBe(true);
    expect((["business", "enterprise_cbp_usage_based"] as const).every(isBusinessLikePlan)).toBe(
      true,
    );
    expect([isTeamLikePlan("business"), isBusinessLikePlan("enterprise")]).toEqual([false, false]);
  });
});
