export {
  createTracing,
  type SpanAttributes,
  type TraceSpan,
  type Tracing,
  type TracingOptions,
} from "./tracing.ts";
export { traceContextFromEnv } from "./trace-context.ts";
