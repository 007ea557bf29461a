export { createResponsesClient, type ResponsesClientOptions } from "./client.ts";
export * from "./contract.ts";
export { readActiveRateLimit, readRateLimits } from "./rate-limits.ts";
export { type UsageLimitFacts, usageLimitMessage } from "./usage-limit-message.ts";
