// The plan that a ChatGPT account is on, as tokens name it and as the rest of the program does.

const plans = {
  free: { display: "Free", workspace: false },
  go: { display: "Go", workspace: false },
  plus: { display: "Plus", workspace: false },
  pro: { display: "Pro", workspace: false },
  team: { display: "Team", workspace: true },
  self_serve_business_usage_based: { display: "Self Serve Business Usage Based", workspace: true },
  business: { display: "Business", workspace: true },
  enterprise_cbp_usage_based: { display: "Enterprise CBP Usage Based", workspace: true },
  enterprise: { display: "Enterprise", workspace: true },
  edu: { display: "Edu", workspace: true },
} as const;

/** The plans that this version knows, by the names that tokens have for them. */
export type KnownPlan = keyof typeof plans;

/** A plan as a token names it; a name from the future is kept. */
export type TokenPlan =
  | { readonly kind: "known"; readonly plan: KnownPlan }
  | { readonly kind: "unknown"; readonly raw: string };

/** A plan as the program sees it: every other name is `unknown`. */
export type AccountPlan = KnownPlan | "unknown";

/** Reads the plan name of a token or of an error body; the case of letters counts. */
export function parsePlan(raw: string): TokenPlan {
  const name = raw === "hc" ? "enterprise" : raw;
  return Object.hasOwn(plans, name)
    ? { kind: "known", plan: name as KnownPlan }
    : { kind: "unknown", raw };
}

/** Reads a plan name that a host application hands in: any case, and `education` is `edu`. */
export function parseHostPlan(raw: string): TokenPlan {
  const lower = raw.toLowerCase();
  const plan = parsePlan(lower === "education" ? "edu" : lower);
  return plan.kind === "known" ? plan : { kind: "unknown", raw };
}

/** The plan as a person knows it, such as `Plus`; an unknown one as the token names it. */
export function planDisplayName(plan: TokenPlan): string {
  return plan.kind === "known" ? plans[plan.plan].display : plan.raw;
}

/** Whether accounts of the plan belong to a workspace with an administrator. */
export function isWorkspacePlan(plan: TokenPlan): boolean {
  return plan.kind === "known" && plans[plan.plan].workspace;
}

/** A token without a plan is on an `unknown` one. */
export function toAccountPlan(plan: TokenPlan | null): AccountPlan {
  return plan?.kind === "known" ? plan.plan : "unknown";
}

/** Whether the plan is Team, or its usage-based kin. */
export function isTeamLikePlan(plan: AccountPlan): boolean {
  return plan === "team" || plan === "self_serve_business_usage_based";
}

/** Whether the plan is Business, or its usage-based kin. */
export function isBusinessLikePlan(plan: AccountPlan): boolean {
  return plan === "business" || plan === "enterprise_cbp_usage_based";
}
