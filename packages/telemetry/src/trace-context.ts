// The W3C trace context (https://www.w3.org/TR/trace-context/): where it comes from, and what it says.
import type { TraceContext } from "@codex-ts/protocol";
import { isSpanContextValid, type SpanContext } from "@opentelemetry/api";
import { parseTraceParent, TraceState } from "@opentelemetry/core";

/** The span that a trace context names; undefined for one that is not valid. */
export function toSpanContext(carrier: TraceContext): SpanContext | undefined {
  const span = parseTraceParent(carrier.traceparent?.trim() ?? "");
  if (span === null || !isSpanContextValid(span)) return undefined;
  const { tracestate } = carrier;
  return {
    ...span,
    isRemote: true,
    ...(tracestate ? { traceState: new TraceState(tracestate) } : {}),
  };
}

/** A span as others are told of it; undefined for one that is not valid. */
export function toTraceContext(span: SpanContext): TraceContext | undefined {
  if (!isSpanContextValid(span)) return undefined;
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
