// The web search is the provider's: only its spec is offered from here.
import type { WebSearchMode } from "@codex-ts/protocol";
import { abortedText } from "./aborted-text.ts";
import { type Tool, ToolError } from "./tool.ts";

/** The spec of the provider's search: over a cache, or live. */
export function createWebSearchTool(mode: Exclude<WebSearchMode, "disabled">): Tool {
  return {
    name: "web_search",
    spec: { type: "web_search", external_web_access: mode === "live" },
    parallel: true,
    abortedText,
    accepts: () => true,
    async run() {
      throw new ToolError("respond", "unsupported call: web_search");
    },
  };
}
