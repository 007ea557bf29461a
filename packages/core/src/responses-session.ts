// A thread's way to the model: who it says it is, each request under a span, the connection warmed up.
import { featureSpecs } from "@codex-ts/features";
import type { SessionSource } from "@codex-ts/protocol";
import type {
  ResponsesRequest,
  ResponsesSession,
  ResponsesTurn,
  SessionContext,
} from "@codex-ts/responses-client";
import type { TraceSpan } from "@codex-ts/telemetry";
import type { ThreadConfig } from "./thread-config.ts";

/** What the service is told with each request of a thread. */
export function sessionContext(
  threadId: string,
  config: ThreadConfig,
  source: SessionSource,
): SessionContext {
  const betas = featureSpecs().filter(
    ({ key, menu }) => menu !== undefined && config.features.enabled(key),
  );
  return {
    threadId,
    ...(betas.length === 0 ? {} : { betaFeatures: betas.map(({ key }) => key).join(",") }),
    subagent: subagentLabel(source),
  };
}

function subagentLabel(source: SessionSource): string | undefined {
  if (typeof source === "string" || !("subagent" in source)) return undefined;
  const { subagent } = source;
  if (typeof subagent === "string") return subagent;
  if (typeof subagent !== "object" || subagent === null) return undefined;
  if ("thread_spawn" in subagent) return "collab_spawn";
  return "other" in subagent && typeof subagent.other === "string" ? subagent.other : undefined;
}

/** A turn whose requests each have a span of their own, which the service is told of. */
export function tracedTurn(
  session: ResponsesSession,
  turnMetadata: () => string,
  turnSpan: TraceSpan | undefined,
): ResponsesTurn {
  let requestSpan: TraceSpan | undefined;
  const traceContext = (): ReturnType<TraceSpan["traceContext"]> => requestSpan?.traceContext();
  const turn = session.startTurn({ turnMetadata, traceContext });
  if (turnSpan === undefined) return turn;
  return {
    get usesWebSocket() {
      return turn.usesWebSocket;
    },
    fallBack: () => turn.fallBack(),
    compact(request, signal) {
      const span = turnSpan.startSpan("compact_request", { model: request.model });
      requestSpan = span;
      return turn.compact(request, signal).finally(() => span.end());
    },
    async *stream(request, signal) {
      const span = turnSpan.startSpan("stream_request", { model: request.model });
      requestSpan = span;
      try {
        yield* turn.stream(request, signal);
      } catch (error) {
        span.end(error);
        throw error;
      } finally {
        span.end();
      }
    },
  };
}

/** The connection of a thread, made before its first turn. */
export class Prewarm {
  readonly #ending = new AbortController();
  readonly #deadline: number;
  readonly #done: Promise<void>;

  /** `request` is made when the thread has the time for it. */
  constructor(
    session: ResponsesSession,
    connectTimeoutMs: number,
    prepare: () => Promise<{
      readonly request: ResponsesRequest;
      readonly turnMetadata: () => string;
    }>,
    span: TraceSpan | undefined,
  ) {
    const { signal } = this.#ending;
    this.#deadline = performance.now() + connectTimeoutMs;
    this.#done = prepare()
      .then(({ request, turnMetadata }) =>
        session.prewarm(
          request,
          { turnMetadata, traceContext: () => span?.traceContext() },
          signal,
        ),
      )
      // What is wrong with the thread shows in its turns.
      .catch(() => {})
      .finally(() => span?.end());
  }

  /** Waits until it is ready or has failed, but not longer than a connection may take. */
  async wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, this.#deadline - performance.now()));
    signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([this.#done, promise]);
    clearTimeout(timer);
    signal.throwIfAborted();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#done;
  }
}
