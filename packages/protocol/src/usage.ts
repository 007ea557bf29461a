// Token use and rate limits.

/**
 * Tokens of one response, or the sum of many. `cached_input_tokens` is part of the input,
 * `reasoning_output_tokens` of the output.
 */
export interface TokenUsage {
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_output_tokens: number;
  readonly total_tokens: number;
}

/** What a thread has used so far. */
export interface TokenUsageInfo {
  readonly total_token_usage: TokenUsage;
  /**
   * Of the newest response. After a compaction or rollback an estimate of the history's size, in
   * `total_tokens` alone.
   */
  readonly last_token_usage: TokenUsage;
  /** Tokens; null when not known. */
  readonly model_context_window: number | null;
}

/** How much of an allowance is used up, as the provider's `x-codex-*` headers say. */
export interface RateLimitWindow {
  /** 0 to 100. */
  readonly used_percent: number;
  readonly window_minutes: number | null;
  /** Seconds since the epoch. */
  readonly resets_at: number | null;
}

/** Credits that can be used beyond the allowance. */
export interface CreditsSnapshot {
  readonly has_credits: boolean;
  readonly unlimited: boolean;
  /** As the provider writes it; null when it does not say. */
  readonly balance: string | null;
}

/** The newest that the provider said of one limit of an account. */
export interface RateLimitSnapshot {
  readonly limit_id: string | null;
  readonly limit_name: string | null;
  /** Usually the shorter of the two windows. */
  readonly primary: RateLimitWindow | null;
  readonly secondary: RateLimitWindow | null;
  readonly credits: CreditsSnapshot | null;
  /** ChatGPT plan, such as `plus`; null for an API key or when not known. */
  readonly plan_type: string | null;
}

/** No tokens at all. */
export const emptyTokenUsage: TokenUsage = {
  input_tokens: 0,
  cached_input_tokens: 0,
  output_tokens: 0,
  reasoning_output_tokens: 0,
  total_tokens: 0,
};

/** The sums, field by field. */
export function addTokenUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    cached_input_tokens: a.cached_input_tokens + b.cached_input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    reasoning_output_tokens: a.reasoning_output_tokens + b.reasoning_output_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
  };
}
