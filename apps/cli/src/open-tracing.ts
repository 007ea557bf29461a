// Whether this run belongs to somebody's trace.
import type { Tracing } from "@codex-ts/telemetry";
import type { Terminal } from "./terminal.ts";

export interface OpenTracing {
  /** Undefined when nobody follows this run. */
  readonly tracing: Tracing | undefined;
  readonly warnings: readonly string[];
}

/** Where every copy of OpenTelemetry's API keeps what is registered, so that copies find each other. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/**
 * Follows the trace that `TRACEPARENT` and `TRACESTATE` name, and the OpenTelemetry SDK that a
 * `--import` has registered. Without either it loads nothing.
 */
export async function openTracing(env: Terminal["env"]): Promise<OpenTracing> {
  if (!env["TRACEPARENT"]?.trim() && !(REGISTERED in globalThis)) {
    return { tracing: undefined, warnings: [] };
  }
  const { createTracing, traceContextFromEnv } = await import("@codex-ts/telemetry");
  const root = traceContextFromEnv(env);
  const tracing = await createTracing({ root });
  const isIgnored = root !== undefined && !tracing.isValid(root);
  return {
    tracing,
    warnings: isIgnored
      ? ["The variable TRACEPARENT does not hold a W3C trace context and is ignored."]
      : [],
  };
}
