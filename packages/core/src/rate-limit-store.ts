import type { RateLimitSnapshot } from "@codex-ts/protocol";
import type { RateLimitStore } from "./sampling.ts";

/** An empty store; what a later snapshot leaves out is kept from the one before. */
export function rateLimitStore(): RateLimitStore {
  let current: RateLimitSnapshot | null = null;
  return {
    current: () => current,
    merge: (snapshot) => {
      current = {
        ...snapshot,
        limit_id: snapshot.limit_id ?? "codex",
        credits: snapshot.credits ?? current?.credits ?? null,
        plan_type: snapshot.plan_type ?? current?.plan_type ?? null,
      };
    },
  };
}
