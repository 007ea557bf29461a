// The W3C trace context (https://www.w3.org/TR/trace-context/): where it comes from, and what it says.
import {
  createTraceState,
  isSpanContextValid,
  type SpanContext,
  TraceFlags,
} from "@opentelemetry/api";
import type { TraceContext } from "@codex-ts/protocol";

// Version, trace id, parent id, flags. Versions after 00 may say more behind that.
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The span that a trace context names; undefined for one that is not valid. */
export function toSpanContext(carrier: TraceContext): SpanContext | undefined {
  const found = TRACEPARENT.exec(carrier.traceparent?.trim() ?? "");
  if (found === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = found;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  const span: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(carrier.tracestate ? { traceState: createTraceState(carrier.tracestate) } : {}),
  };
  return isSpanContextValid(span) ? span : undefined;
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

/** Whether a carrier names a span. */
export function isTraceContext(carrier: TraceContext): boolean {
  return toSpanContext(carrier) !== undefined;
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

/** Whether somebody has registered an OpenTelemetry SDK in this process. */
export function isTracingSetUp(): boolean {
  // Where every copy of the API keeps what is registered, so that copies find each other.
  return Symbol.for("opentelemetry.js.api.1") in globalThis;
}
