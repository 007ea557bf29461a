// Spans that know their parent. The context is handed on explicitly: it needs no context manager, and
// two turns at the same time cannot take each other's.
import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { TraceContext } from "@codex-ts/protocol";
import { type Api, toSpanContext, toTraceContext } from "./trace-context.ts";

/** OpenTelemetry's attributes: texts, numbers, booleans and lists of them, by name. */
export type SpanAttributes = Attributes;

/**
 * A span that has been started. It hands itself on explicitly, so that spans of parallel work stay
 * apart.
 */
export interface TraceSpan {
  /** Undefined when nothing records this span and nothing led to it. */
  readonly traceId: string | undefined;
  /** How others are told of this span; undefined as {@link traceId} is. */
  traceContext(): TraceContext | undefined;
  /** Starts a child of this span. */
  startSpan(name: string, attributes?: SpanAttributes): TraceSpan;
  /** Calls `task` with this span as the current one, for code that asks OpenTelemetry for it. */
  run<T>(task: () => T): T;
  /**
   * The first call counts; with an error the span has failed, and carries the error's name but not
   * its message, which may quote a person.
   */
  end(error?: unknown): void;
}

export interface StartOptions {
  /** What led to the span. An invalid one counts as none. */
  readonly parent?: TraceContext | undefined;
  readonly attributes?: SpanAttributes | undefined;
}

/** Where spans start. */
export interface Tracing {
  /** Starts a span under `parent`, else under the span that is current here, else under the root. */
  startSpan(name: string, options?: StartOptions): TraceSpan;
  /** Whether a trace context names a span. */
  isValid(context: TraceContext): boolean;
}

/** Who records the spans, and what they belong to. */
export interface TracingOptions {
  /** Makes the spans; by default the one of the OpenTelemetry SDK that is registered, if one is. */
  readonly tracer?: Tracer | undefined;
  /** What led to this process. */
  readonly root?: TraceContext | undefined;
}

const NAME = "codex-ts";

/**
 * Tracing through OpenTelemetry. Without an SDK nothing is recorded, and a span passes on the context
 * that led to it, so that what comes after still belongs to the caller's trace. OpenTelemetry's API is
 * loaded here, and not by an import of this package.
 */
export async function createTracing(options: TracingOptions = {}): Promise<Tracing> {
  const api = await import("@opentelemetry/api");
  const { context, ROOT_CONTEXT, trace } = api;
  const tracer = options.tracer ?? trace.getTracer(NAME);
  return {
    isValid: (carrier) => toSpanContext(api, carrier) !== undefined,
    startSpan(name, { parent, attributes } = {}) {
      const named =
        (parent && toSpanContext(api, parent)) ?? trace.getSpanContext(context.active());
      const remote = named ?? (options.root && toSpanContext(api, options.root));
      const above =
        remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
      return startSpan(api, tracer, name, above, attributes);
    },
  };
}

function startSpan(
  api: Api,
  tracer: Tracer,
  name: string,
  parent: Context,
  attributes: SpanAttributes = {},
): TraceSpan {
  const span: Span = tracer.startSpan(name, { attributes }, parent);
  const own = api.trace.setSpan(parent, span);
  const traceContext = (): TraceContext | undefined => toTraceContext(api, span.spanContext());
  return {
    traceId: traceContext() === undefined ? undefined : span.spanContext().traceId,
    traceContext,
    startSpan: (child, more) => startSpan(api, tracer, child, own, more),
    run: (task) => api.context.with(own, task),
    end(error) {
      if (error !== undefined) {
        // The name alone: a message may hold what a person said.
        const message = error instanceof Error ? error.name : typeof error;
        span.setStatus({ code: api.SpanStatusCode.ERROR, message });
      }
      span.end();
    },
  };
}
