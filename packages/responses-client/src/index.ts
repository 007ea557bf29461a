export { createResponsesClient, type ResponsesClientOptions } from "./client.ts";
export * from "./contract.ts";
export { retryRules, type RetryRule, turnRetryDelayMs } from "./retry-rules.ts";
