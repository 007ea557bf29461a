// A tool without a purpose of its own: tests of parallel calls let calls meet in it.
import { setTimeout as sleep } from "node:timers/promises";
import { withinTime } from "./abort.ts";
import { abortedText } from "./aborted-text.ts";
import { functionSpec, objectSchema } from "./function-spec.ts";
import { type Tool, ToolError } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

const DEFAULT_TIMEOUT_MS = 1000;

/** Calls that wait for each other. */
interface Barrier {
  readonly participants: number;
  arrived: number;
  readonly complete: PromiseWithResolvers<void>;
}

/**
 * Makes `test_sync_tool`, for tests of parallel calls: it sleeps, and waits until so many calls
 * have arrived.
 */
export function createTestSyncTool(): Tool {
  const barriers = new Map<string, Barrier>();
  return {
    name: "test_sync_tool",
    spec: functionSpec({
      name: "test_sync_tool",
      description: "For tests: sleeps, and waits for other calls of this tool.",
      properties: {
        sleep_before_ms: { type: "number", description: "Milliseconds to sleep first." },
        sleep_after_ms: { type: "number", description: "Milliseconds to sleep last." },
        barrier: objectSchema(
          {
            id: { type: "string", description: "The barrier's name." },
            participants: { type: "number", description: "How many calls have to arrive." },
            timeout_ms: {
              type: "number",
              description: "Milliseconds to wait for them; 1000 by default.",
            },
          },
          ["id", "participants"],
        ),
      },
    }),
    parallel: true,
    abortedText,
    accepts: (payload) => payload.kind === "function",
    async run(call, _context, signal) {
      const args = ToolArguments.ofCall(call);
      await sleep(args.optionalCount("sleep_before_ms") ?? 0, undefined, { signal });
      const barrier = args.optionalObject("barrier");
      if (barrier !== undefined) {
        await meet(
          barriers,
          {
            id: barrier.string("id"),
            participants: barrier.count("participants"),
            timeoutMs: barrier.optionalCount("timeout_ms") ?? DEFAULT_TIMEOUT_MS,
          },
          signal,
        );
      }
      await sleep(args.optionalCount("sleep_after_ms") ?? 0, undefined, { signal });
      return { body: "ok", success: true };
    },
  };
}

async function meet(
  barriers: Map<string, Barrier>,
  meeting: { readonly id: string; readonly participants: number; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<void> {
  const { id, participants, timeoutMs } = meeting;
  if (participants === 0)
    throw new ToolError("respond", "a barrier needs at least one participant");
  if (timeoutMs === 0) throw new ToolError("respond", "a barrier needs a timeout above zero");
  const barrier = barriers.get(id) ?? {
    participants,
    arrived: 0,
    complete: Promise.withResolvers<void>(),
  };
  if (barrier.participants !== participants) {
    throw new ToolError(
      "respond",
      `the barrier ${id} is for ${barrier.participants} participants, not ${participants}`,
    );
  }
  barriers.set(id, barrier);
  barrier.arrived += 1;
  if (barrier.arrived >= participants) {
    barriers.delete(id);
    barrier.complete.resolve();
    return;
  }
  const isComplete = await withinTime(
    barrier.complete.promise.then(() => true),
    timeoutMs,
    signal,
  );
  if (isComplete === true) return;
  barrier.arrived -= 1;
  if (barrier.arrived === 0 && barriers.get(id) === barrier) barriers.delete(id);
  signal.throwIfAborted();
  throw new ToolError("respond", `the barrier ${id} was not complete after ${timeoutMs} ms`);
}
