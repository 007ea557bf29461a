export { createResponsesClient, type ResponsesClientOptions } from "./client.ts";
export * from "./contract.ts";
