// The W3C trace context (https://www.w3.org/TR/trace-context/): where it comes from, and what it says.
import type { TraceContext } from "@codex-ts/protocol";
import type * as OpenTelemetry from "@opentelemetry/api";
import type { SpanContext } from "@opentelemetry/api";

/** OpenTelemetry's API, loaded when there is something to trace. */
export type Api = typeof OpenTelemetry;

/** Later versions may have more behind the flags; version 00 has not, and ff is no version. */
const TRACE_PARENT =
  /^(?!ff)(?<version>[\da-f]{2})-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})(?<more>-.*)?$/;

/** The span that a trace context names; undefined for one that is not valid. */
export function toSpanContext(api: Api, carrier: TraceContext): SpanContext | undefined {
  const parts = TRACE_PARENT.exec(carrier.traceparent?.trim() ?? "")?.groups;
  if (parts === undefined || (parts["version"] === "00" && parts["more"] !== undefined)) {
    return undefined;
  }
  const { traceId = "", spanId = "", flags = "" } = parts;
  const { tracestate } = carrier;
  const span: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    // What is to replace it loads 36 files; our range of versions ends before it goes away.
    // oxlint-disable-next-line typescript/no-deprecated
    ...(tracestate ? { traceState: api.createTraceState(tracestate) } : {}),
  };
  return api.isSpanContextValid(span) ? span : undefined;
}

/** A span as others are told of it; undefined for one that is not valid. */
export function toTraceContext(api: Api, span: SpanContext): TraceContext | undefined {
  if (!api.isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags.toString(16).padStart(2, "0");
  return {
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    tracestate: span.traceState?.serialize() ?? "",
  };
}

/** The context that `TRACEPARENT` and `TRACESTATE` give; undefined when the first is not set. */
export function traceContextFromEnv(
  env: Readonly<Record<string, string | undefined>>,
): TraceContext | undefined {
  const traceparent = env["TRACEPARENT"]?.trim();
  const tracestate = env["TRACESTATE"]?.trim();
  if (!traceparent) return undefined;
  return { traceparent, ...(tracestate ? { tracestate } : {}) };
}
