// A turn for tests: a folder, a real environment, and a person who answers from a list.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { createLocalEnvironment, type Environment } from "@codex-ts/exec-server";
import type { EventMsg, ReviewDecision } from "@codex-ts/protocol";
import { createSandbox } from "@codex-ts/sandboxing";
import { createApprovalCache } from "./approvals.ts";
import { createSessionGrants } from "./permission-grants.ts";
import { createProcessStore } from "./process-store.ts";
import { createToolRouter } from "./router.ts";
import type { ApprovalRequest, Tool, ToolCall, ToolContext } from "./tool.ts";
import { createTurnDiffTracker } from "./turn-diff.ts";

/** A temporary folder, which the turn disposes. */
export interface TestFolder extends AsyncDisposable {
  readonly path: AbsolutePath;
  join(name: string): AbsolutePath;
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
}

export interface TestTurn extends AsyncDisposable {
  readonly folder: TestFolder;
  readonly context: ToolContext;
  readonly events: EventMsg[];
  /** What the person was asked. */
  readonly questions: ApprovalRequest[];
  /** What the person will answer, in order; nothing left means that a question is an error. */
  readonly decisions: ReviewDecision[];
  /** What the model was told after its calls. */
  readonly told: string[];
  /** Runs a call through a router and returns the output's body. */
  run(
    tool: Tool,
    args: object | ToolCall["payload"],
    options?: { readonly callId?: string; readonly signal?: AbortSignal },
  ): Promise<unknown>;
  eventsOf<T extends EventMsg["type"]>(type: T): Extract<EventMsg, { type: T }>[];
}

/** The environment of this machine, with its real sandbox. */
export async function localTestEnvironment(
  options: { readonly useLandlock?: boolean } = {},
): Promise<AsyncDisposable & { readonly environment: Environment }> {
  const sandbox = createSandbox({ env: process.env, ...options });
  const environment = createLocalEnvironment({ sandbox });
  return {
    environment,
    async [Symbol.asyncDispose]() {
      await environment[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

const never = new AbortController().signal;

export function testTurn(folder: TestFolder, parts: Partial<ToolContext> = {}): TestTurn {
  const events: EventMsg[] = [];
  const questions: ApprovalRequest[] = [];
  const decisions: ReviewDecision[] = [];
  const told: string[] = [];
  const context: ToolContext = {
    threadId: "thread-1",
    turnId: "turn-1",
    environment: {} as Environment,
    cwd: folder.path,
    sandboxPolicy: { type: "danger-full-access" },
    approvalPolicy: "on-request",
    askApproval: async (request) => {
      questions.push(request);
      const decision = decisions.shift();
      if (decision === undefined) throw new Error(`nobody answers ${JSON.stringify(request)}`);
      return decision;
    },
    askPermissions: async (request) => {
      throw new Error(`nobody answers ${JSON.stringify(request)}`);
    },
    askUserInput: async (request) => {
      throw new Error(`nobody answers ${JSON.stringify(request)}`);
    },
    approvals: createApprovalCache(),
    grants: createSessionGrants().forTurn(),
    shell: { kind: "bash", path: "/bin/bash" },
    allowLoginShell: true,
    childEnv: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: folder.path },
    truncation: { mode: "tokens", limit: 10_000 },
    supportsImageInput: true,
    supportsOriginalImageDetail: false,
    planMode: false,
    processes: createProcessStore(),
    turnDiff: createTurnDiffTracker(),
    backgroundTerminalMaxTimeoutMs: 300_000,
    emit: (event) => {
      events.push(event);
    },
    tellModel: (text) => {
      told.push(text);
    },
    ...parts,
  };
  return {
    folder,
    context,
    events,
    questions,
    decisions,
    told,
    async run(tool, args, { callId = "call-1", signal = never } = {}) {
      const payload =
        "kind" in args ? args : ({ kind: "function", arguments: JSON.stringify(args) } as const);
      const router = createToolRouter({ tools: [tool] });
      const item = await router.run({ callId, name: tool.name, payload }, context, signal);
      return item.type === "tool_search_output" ? undefined : item.output;
    },
    eventsOf: <T extends EventMsg["type"]>(type: T) =>
      events.filter((event): event is Extract<EventMsg, { type: T }> => event.type === type),
    async [Symbol.asyncDispose]() {
      await context.processes[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
