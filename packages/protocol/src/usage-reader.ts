// Tokens used, and the limits of an account, as readers.
import type {
  CreditsSnapshot,
  RateLimitSnapshot,
  RateLimitWindow,
  TokenUsage,
  TokenUsageInfo,
} from "./usage.ts";
import { boolean, defaulting, nullable, number, object, required, string } from "./field-reader.ts";

export const tokenUsage = object<TokenUsage>({
  input_tokens: defaulting(number, /*absence*/ 0),
  cached_input_tokens: defaulting(number, /*absence*/ 0),
  output_tokens: defaulting(number, /*absence*/ 0),
  reasoning_output_tokens: defaulting(number, /*absence*/ 0),
  total_tokens: defaulting(number, /*absence*/ 0),
});

export const tokenUsageInfo = object<TokenUsageInfo>({
  total_token_usage: required(tokenUsage),
  last_token_usage: required(tokenUsage),
  model_context_window: nullable(number),
});

const rateLimitWindow = object<RateLimitWindow>({
  used_percent: required(number),
  window_minutes: nullable(number),
  resets_at: nullable(number),
});

export const rateLimitSnapshot = object<RateLimitSnapshot>({
  limit_id: nullable(string),
  limit_name: nullable(string),
  primary: nullable(rateLimitWindow),
  secondary: nullable(rateLimitWindow),
  credits: nullable(
    object<CreditsSnapshot>({
      has_credits: required(boolean),
      unlimited: required(boolean),
      balance: nullable(string),
    }),
  ),
  plan_type: nullable(string),
});
