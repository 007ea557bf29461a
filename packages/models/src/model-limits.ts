import type { ModelInfo } from "@codex-ts/protocol";

/** The tokens of the context window that are used, or null when the window is not known. */
export function effectiveContextWindow({
  context_window,
  effective_context_window_percent: percent = 95,
}: Pick<ModelInfo, "context_window" | "effective_context_window_percent">): number | null {
  return context_window == null ? null : Math.floor((context_window * percent) / 100);
}

/**
 * The number of tokens at which a conversation is compacted: the configured limit, but at most nine
 * tenths of the window; null for never.
 */
export function autoCompactTokenLimit({
  context_window,
  auto_compact_token_limit,
}: Pick<ModelInfo, "context_window" | "auto_compact_token_limit">): number | null {
  const limits = [
    auto_compact_token_limit ?? Infinity,
    context_window == null ? Infinity : Math.floor((context_window * 9) / 10),
  ];
  const limit = Math.min(...limits);
  return limit === Infinity ? null : limit;
}
