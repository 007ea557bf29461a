import type { Features } from "@codex-ts/features";
import type { SandboxPolicy, WebSearchMode } from "@codex-ts/protocol";
import { type AllowedValues, constrain, type Constrained } from "./requirements.ts";

/** The mode that settings ask for: the key, else the older feature switches, else nothing. */
export function resolveWebSearchMode(
  setting: WebSearchMode | undefined,
  features: Features,
): WebSearchMode | undefined {
  if (setting !== undefined) return setting;
  if (features.enabled("web_search_cached")) return "cached";
  return features.enabled("web_search_request") ? "live" : undefined;
}

/** The mode that settings ask for, as far as it is allowed. Without any word of it, it is `cached`. */
export function constrainWebSearch(
  asked: WebSearchMode | undefined,
  allowed: AllowedValues<WebSearchMode> | undefined,
): Constrained<WebSearchMode | undefined> {
  if (asked === undefined && allowed?.values.includes("cached") !== false) return { value: asked };
  return constrain("web_search", asked, "cached", allowed);
}

/**
 * The mode of one turn. Where commands may do anything, a live search adds no risk, so it is used
 * unless search is disabled or `allowed` leaves it out. What is not allowed falls to the next best.
 */
export function webSearchModeForTurn(
  preferred: WebSearchMode | undefined,
  sandbox: SandboxPolicy,
  allowed: readonly WebSearchMode[] = ["cached", "live"],
): WebSearchMode {
  if (preferred === "disabled") return "disabled";
  const isOpen = sandbox.type === "danger-full-access";
  const order: readonly WebSearchMode[] =
    isOpen || preferred === "live" ? ["live", "cached"] : ["cached", "live"];
  return order.find((mode) => allowed.includes(mode)) ?? "disabled";
}
