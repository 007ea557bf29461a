// A thread with everything real around it but the model: a home, a folder, a sandbox, processes, HTTP.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import { createHttpTransport } from "@codex-ts/http-client";
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import type {
  Event,
  EventMsg,
  ModelInfo,
  ResponseItem,
  RolloutLine,
  SessionSource,
} from "@codex-ts/protocol";
import { createResponsesClient } from "@codex-ts/responses-client";
import { createSandbox } from "@codex-ts/sandboxing";
import {
  type Script,
  type ScriptedModel,
  type ScriptedModelOptions,
  startScriptedModel,
} from "@codex-ts/scripted-model";
import type { Tracing } from "@codex-ts/telemetry";
import { abs, temporaryDirectory } from "@codex-ts/test-support";
import { type Thread, type ThreadConfig, threadConfig, ThreadManager } from "../index.ts";

export interface ThreadWorld extends AsyncDisposable {
  readonly manager: ThreadManager;
  readonly config: ThreadConfig;
  readonly model: ScriptedModel;
}

export interface ThreadWorldOptions {
  readonly script: Script;
  readonly config?: Partial<ThreadConfig>;
  readonly streamMaxRetries?: number;
  /** Changes what the catalogue says of a model. */
  readonly lookUpModel?: (model: string, info: ModelInfo) => ModelInfo;
  /** The provider speaks WebSocket. */
  readonly webSockets?: boolean;
  /** The provider shortens histories itself. */
  readonly compactsHistories?: boolean;
  /** More about the model's server. */
  readonly server?: Omit<ScriptedModelOptions, "script">;
  readonly tracing?: Tracing;
  /** `exec` by default: nobody is there to answer questions. */
  readonly source?: SessionSource;
}

export async function threadWorld(options: ThreadWorldOptions): Promise<ThreadWorld> {
  const stack = new AsyncDisposableStack();
  const root = abs(stack.use(await temporaryDirectory()).path);
  const model = stack.use(await startScriptedModel({ script: options.script, ...options.server }));
  const env = { PATH: process.env["PATH"], HOME: root };
  const transport = stack.use(createHttpTransport({ env: {} }));
  const sandbox = stack.use(createSandbox({ env, cwd: root }));
  const environment = stack.use(createLocalEnvironment({ sandbox }));
  const manager = stack.use(
    new ThreadManager({
      codexHome: join(root, "home"),
      responses: createResponsesClient({
        endpoint: {
          name: "Test",
          baseUrl: model.url,
          queryParams: {},
          headers: {},
          requestMaxRetries: 0,
          streamMaxRetries: options.streamMaxRetries ?? 0,
          streamIdleTimeoutMs: 20_000,
          supportsWebsockets: options.webSockets ?? false,
          websocketConnectTimeoutMs: 10_000,
          storesResponses: false,
          compactsHistories: options.compactsHistories,
        },
        auth: {
          current: () => Promise.resolve({ kind: "none" }),
          recover: () => Promise.resolve(false),
        },
        transport,
      }),
      environment,
      lookUpModel: (name) => {
        const info = lookUpModel(bundledCatalogue, name);
        return options.lookUpModel?.(name, info) ?? info;
      },
      shell: { kind: "bash", path: "/bin/bash" },
      env,
      originator: "core_test",
      version: "0.0.0",
      source: options.source ?? "exec",
      timezone: "Europe/Paris",
      tracing: options.tracing,
    }),
  );
  const config = threadConfig({
    cwd: join(root, "work"),
    model: "gpt-5.2-codex",
    sandboxPolicy: { type: "danger-full-access" },
    allowLoginShell: false,
    ...options.config,
  });
  await mkdir(config.cwd, { recursive: true });
  return { manager, config, model, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Reads a thread's events up to and including the first for which `last` is true. */
export async function eventsUntil(
  thread: Thread,
  last: (msg: EventMsg) => boolean,
): Promise<readonly Event[]> {
  const events: Event[] = [];
  const queue = thread.events();
  for (;;) {
    const { done, value } = await queue.next();
    if (done === true) return events;
    events.push(value);
    if (last(value.msg)) return events;
  }
}

export const turnEnded = (msg: EventMsg): boolean =>
  msg.type === "task_complete" || msg.type === "turn_aborted";

/** Says something and waits for the turn's end. */
export async function say(thread: Thread, text: string): Promise<readonly Event[]> {
  await thread.submit({ type: "user_input", items: [{ type: "text", text }] });
  return eventsUntil(thread, turnEnded);
}

/** Events as short labels: the type, and what kind of item it is about. */
export function labels(events: readonly Event[]): readonly string[] {
  return events.map(({ msg }) => {
    switch (msg.type) {
      case "raw_response_item":
        return `raw ${itemLabel(msg.item)}`;
      case "item_started":
      case "item_completed":
        return `${msg.type} ${msg.item.type}`;
      default:
        return msg.type;
    }
  });
}

/** An item as a short label. */
export function itemLabel(item: ResponseItem): string {
  switch (item.type) {
    case "message": {
      const [part] = item.content;
      const text = part === undefined || part.type === "input_image" ? "image" : part.text;
      const tag = /^<([a-z_ ]+)>/.exec(text)?.[1];
      return `${item.role} ${tag ?? JSON.stringify(text)}`;
    }
    case "function_call":
    case "custom_tool_call":
      return `call ${item.call_id}`;
    case "function_call_output":
    case "custom_tool_call_output":
      return `output ${item.call_id}`;
    default:
      return item.type;
  }
}

export async function readLines(thread: Thread): Promise<readonly RolloutLine[]> {
  if (thread.rolloutPath === null) return [];
  const text = await readFile(thread.rolloutPath, "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as RolloutLine);
}

/** A line as a short label. */
export function lineLabel(line: RolloutLine): string {
  switch (line.type) {
    case "response_item":
      return itemLabel(line.payload);
    case "event_msg":
      return `event ${line.payload.type}`;
    default:
      return line.type;
  }
}
