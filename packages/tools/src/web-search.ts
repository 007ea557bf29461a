// The web search is the provider's: only its spec is offered from here.
import type { WebSearchMode } from "@codex-ts/protocol";
import { abortedText } from "./aborted-text.ts";
import { type Tool, ToolError } from "./tool.ts";

/** How the provider is to search; all of it is its own choice by default. */
export interface WebSearchSettings {
  readonly contextSize?: "low" | "medium" | "high" | undefined;
  readonly allowedDomains?: readonly string[] | undefined;
  /** Where results should be near. */
  readonly location?:
    | {
        readonly country?: string | undefined;
        readonly region?: string | undefined;
        readonly city?: string | undefined;
        readonly timezone?: string | undefined;
      }
    | undefined;
  /** Whether the results may have images. */
  readonly images?: boolean | undefined;
}

/** The spec of the provider's search: over a cache, or live. */
export function createWebSearchTool(
  mode: Exclude<WebSearchMode, "disabled">,
  { contextSize, allowedDomains, location, images }: WebSearchSettings = {},
): Tool {
  return {
    name: "web_search",
    spec: {
      type: "web_search",
      external_web_access: mode === "live",
      ...(allowedDomains === undefined ? {} : { filters: { allowed_domains: allowedDomains } }),
      ...(location === undefined
        ? {}
        : { user_location: { type: "approximate" as const, ...defined(location) } }),
      ...(contextSize === undefined ? {} : { search_context_size: contextSize }),
      ...(images === true ? { search_content_types: ["text" as const, "image" as const] } : {}),
    },
    parallel: true,
    abortedText,
    accepts: () => true,
    async run() {
      throw new ToolError("respond", "unsupported call: web_search");
    },
  };
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
