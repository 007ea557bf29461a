export {
  createTracing,
  type SpanAttributes,
  type TraceSpan,
  type Tracing,
  type TracingOptions,
} from "./tracing.ts";
export { isTraceContext, isTracingSetUp, traceContextFromEnv } from "./trace-context.ts";
