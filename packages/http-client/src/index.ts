export { compressZstd } from "./compress.ts";
export { parseCertificateBundle, readExtraCertificates } from "./certificates.ts";
export {
  HttpError,
  type HttpErrorCode,
  type HttpStatusDetails,
  HttpStatusError,
} from "./errors.ts";
export {
  type HeaderFields,
  isLegalHeaderValue,
  mergeHeaders,
  type ResponseHeaders,
} from "./headers.ts";
export { type HostFacts, type HostFactsSource, hostFacts } from "./host-facts.ts";
export {
  identityHeaders,
  originatorVariable,
  resolveOriginator,
  terminalName,
  type UserAgentParts,
  userAgent,
} from "./identity.ts";
export { type Proxy, proxyFor } from "./proxy.ts";
export type { PiecewiseBody, RequestBody } from "./request-body.ts";
export type { HttpResponse } from "./response.ts";
export {
  isRetryableRequest,
  retryAfterMs,
  retryDelayMs,
  type RetryOptions,
  type Sleep,
  sleep,
  withRequestRetries,
} from "./retry.ts";
export {
  readServerSentEvents,
  type ServerSentEvent,
  type ServerSentEventsOptions,
} from "./server-sent-events.ts";
export {
  createHttpTransport,
  type HttpRequest,
  type HttpTransport,
  type HttpTransportOptions,
  transportVariables,
  type WebSocketRequest,
} from "./transport.ts";
export { displayUrl, joinUrl } from "./url.ts";
export type { ReceiveOptions, WebSocketConnection } from "./web-socket.ts";
