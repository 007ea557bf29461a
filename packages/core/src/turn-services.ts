// What one turn works with, put together from the thread that it belongs to.
import { listAllowedPrefixes } from "@codex-ts/exec-policy";
import { readWorkspaceFacts } from "@codex-ts/git-utils";
import {
  type ApprovalReviewer,
  createApprovalReviewer,
  createToolRouter,
  createTurnDiffTracker,
  selectTools,
  type Tool,
  type ToolRouter,
  type TurnToolContext,
} from "@codex-ts/tools";
import type { EventMsg } from "@codex-ts/protocol";
import type { ResponsesRequest } from "@codex-ts/responses-client";
import type { TraceSpan } from "@codex-ts/telemetry";
import { type ContextSources, fullContext } from "./context-updates.ts";
import { noSnapshot, toolsAfterSnapshot, type TurnSnapshot } from "./ghost-snapshots.ts";
import type { PendingInput } from "./pending-input.ts";
import { responsesRequest } from "./responses-request.ts";
import { tracedTurn } from "./responses-session.ts";
import { turnHooks, type TurnHooks } from "./thread-hooks.ts";
import type { ThreadResources } from "./thread-resources.ts";
import type { TurnContext } from "./turn-context.ts";
import { turnMetadataHeader, type TurnMetadata } from "./turn-metadata.ts";
import { fileAccess, sandboxContextOf } from "./turn-sandbox.ts";
import type { TurnServices } from "./turn.ts";

export interface TurnParts {
  readonly turn: TurnContext;
  /** The turn with the model of the turn before it, where that is another one. */
  readonly previousModelTurn: TurnContext | null;
  /** What tools that may change files wait for. */
  readonly snapshot?: TurnSnapshot | undefined;
  readonly pendingInput: PendingInput[];
  readonly said: string[];
  readonly takeSessionStart: () => "startup" | "resume" | null;
  readonly span: TraceSpan | undefined;
  readonly signal: AbortSignal;
  readonly gone: AbortSignal;
}

/** A turn that is ready to run; disposing it lets go of what only it needs. */
export interface OpenTurn extends Disposable {
  readonly services: TurnServices;
}

export async function openTurn(thread: ThreadResources, parts: TurnParts): Promise<OpenTurn> {
  const { config, options, history, journal, recorder } = thread;
  const { turn, signal, snapshot = noSnapshot } = parts;
  const { endpoint } = options.responses;
  const materialise = async (): Promise<void> => recorder?.materialise();
  const over = new AbortController();
  const metadata = turnMetadata(thread, turn, over.signal);
  const access = fileAccess(turn.settings, thread.childEnv);
  const contextSources = (): ContextSources => ({
    turn,
    shellName: options.shell.kind,
    fileAccess: access,
    allowedPrefixes: listAllowedPrefixes(thread.rules.policy),
    personality: config.features.enabled("personality") ? turn.settings.personality : undefined,
    previousTurn: history.previousTurn,
  });
  const hooks =
    config.hooks === undefined
      ? null
      : turnHooks({
          hooks: config.hooks,
          threadId: thread.id,
          transcriptPath: recorder?.path ?? null,
          turn,
          journal,
          signal,
          materialise,
        });
  const context = { ...toolContext(thread, turn), reviewer: reviewerOf(thread, turn) };
  const { router, scripts } = await openTools(thread, turn, {
    context,
    hooks,
    signal,
    snapshot,
  });
  const services: TurnServices = {
    threadId: thread.id,
    turn,
    previousModelTurn: parts.previousModelTurn,
    history,
    journal,
    responses: tracedTurn(thread.responses, () => turnMetadataHeader(metadata()), parts.span),
    router,
    toolContext: context,
    rerouted: { isTold: false },
    rateLimits: thread.rateLimits,
    onToolCallBegun: () =>
      void options.environment.warmUp?.({
        kind: "sandboxed",
        context: sandboxContextOf(turn.settings),
      }),
    showRawReasoning: config.showRawAgentReasoning,
    instructions: thread.instructions,
    compactPrompt: config.compactPrompt ?? null,
    fullContext: () => fullContext(contextSources()),
    contextSources,
    pendingInput: parts.pendingInput,
    said: parts.said,
    takeSessionStart: parts.takeSessionStart,
    takeNotices: () => [...(thread.codeMode?.takeNotices() ?? []), ...snapshot.take()],
    hooks,
    materialise,
    storeResponses: endpoint.storesResponses,
    compactsRemotely: endpoint.compactsHistories ?? false,
    streamMaxRetries: endpoint.streamMaxRetries,
    signal,
    gone: parts.gone,
  };
  return {
    services,
    [Symbol.dispose]() {
      over.abort();
      scripts?.[Symbol.dispose]();
    },
  };
}

/** What the model is asked before there is anything to say: tools, instructions and settings. */
export async function emptyRequest(
  thread: ThreadResources,
  turn: TurnContext,
): Promise<ResponsesRequest> {
  const tools = toolsOf(thread, turn);
  const codeMode = (await thread.codeMode?.forTurn(tools)) ?? null;
  const router = createToolRouter({ tools: codeMode?.tools ?? tools });
  return responsesRequest({
    turn,
    instructions: thread.instructions,
    input: [],
    tools: router.specs,
    threadId: thread.id,
    store: thread.options.responses.endpoint.storesResponses,
  });
}

/** The metadata of a request that belongs to no turn yet. */
export function threadMetadata(thread: ThreadResources, turn: TurnContext): string {
  return turnMetadataHeader(bareMetadata(thread, turn));
}

/** The turn's tools; with code mode, what carries out the calls of its scripts. */
async function openTools(
  thread: ThreadResources,
  turn: TurnContext,
  {
    snapshot,
    ...parts
  }: {
    readonly context: TurnToolContext;
    readonly hooks: TurnHooks | null;
    readonly signal: AbortSignal;
    readonly snapshot: TurnSnapshot;
  },
): Promise<{ readonly router: ToolRouter; readonly scripts: Disposable | null }> {
  const tools = toolsAfterSnapshot(toolsOf(thread, turn), snapshot);
  const codeMode = (await thread.codeMode?.forTurn(tools)) ?? null;
  const router = createToolRouter({ tools: codeMode?.tools ?? tools });
  const { turnId } = turn;
  const scripts = codeMode?.start({ ...parts, turnId, router, journal: thread.journal }) ?? null;
  return { router, scripts };
}

function toolsOf(thread: ThreadResources, turn: TurnContext): readonly Tool[] {
  const { config } = thread;
  const own = config.tools ?? [];
  const builtIn = selectTools({
    model: turn.model,
    shellTool: config.features.enabled("shell_tool"),
    unifiedExec: config.features.enabled("unified_exec"),
    applyPatchFreeform: config.features.enabled("apply_patch_freeform"),
    allowLoginShell: config.allowLoginShell,
    webSearch: config.webSearch,
    webSearchSettings: config.webSearchSettings,
    rules: thread.rules,
    execPermissionApprovals: config.features.enabled("exec_permission_approvals"),
    requestPermissions: config.features.enabled("request_permissions_tool"),
    requestUserInput: userInputMode(thread),
    imageDetailOriginal: config.features.enabled("image_detail_original"),
  });
  return [...builtIn.filter(({ name }) => own.every((tool) => tool.name !== name)), ...own];
}

/** Who answers in the person's place, where that is wanted. */
function reviewerOf(thread: ThreadResources, turn: TurnContext): ApprovalReviewer | undefined {
  if (turn.settings.approvalsReviewer !== "guardian_subagent") return undefined;
  return createApprovalReviewer(
    thread.reviews.forTurn({
      turn,
      history: () => thread.history.entries,
      toolContext: toolContext(thread, turn),
    }),
  );
}

/** Whether there is somebody to put questions to: not in a run without a user interface. */
function userInputMode({
  config,
  options,
}: ThreadResources): "plan_mode" | "every_mode" | undefined {
  if (options.source === "exec") return undefined;
  return config.features.enabled("default_mode_request_user_input") ? "every_mode" : "plan_mode";
}

export function toolContext(thread: ThreadResources, turn: TurnContext): TurnToolContext {
  const { config, options, journal, approvals } = thread;
  const { settings, model, turnId } = turn;
  const announce = (msg: EventMsg): Promise<void> =>
    journal.post({ kind: "event", id: turnId, msg });
  return {
    threadId: thread.id,
    turnId: turn.turnId,
    cwd: settings.cwd,
    environment: options.environment,
    sandboxPolicy: settings.sandboxPolicy,
    ...settings.permissions,
    approvalPolicy: settings.approvalPolicy,
    askApproval: (request, signal) => approvals.ask(request, turnId, announce, signal),
    askPermissions: (request, signal) =>
      approvals.askPermissions(request, turnId, announce, signal),
    askUserInput: (request, signal) => approvals.askUserInput(request, turnId, announce, signal),
    grants: thread.grants.forTurn(),
    approvals: thread.approvalCache,
    shell: options.shell,
    allowLoginShell: config.allowLoginShell,
    childEnv: thread.childEnv,
    truncation: turn.truncation,
    supportsImageInput: (model.input_modalities ?? ["text", "image"]).includes("image"),
    supportsOriginalImageDetail:
      model.supports_image_detail_original === true &&
      config.features.enabled("image_detail_original"),
    planMode: settings.collaborationMode?.mode === "plan",
    processes: thread.processes,
    turnDiff: createTurnDiffTracker(),
    backgroundTerminalMaxTimeoutMs: config.backgroundTerminalMaxTimeoutMs,
  };
}

function bareMetadata(thread: ThreadResources, turn: TurnContext): TurnMetadata {
  return {
    sessionId: thread.id,
    turnId: turn.turnId,
    sandboxPolicy: turn.settings.sandboxPolicy,
    platform: process.platform,
    workspaces: {},
  };
}

/** The turn's metadata; facts about the repository join it when they are known. */
function turnMetadata(
  thread: ThreadResources,
  turn: TurnContext,
  signal: AbortSignal,
): () => TurnMetadata {
  let metadata = bareMetadata(thread, turn);
  readWorkspaceFacts(turn.settings.cwd, { env: thread.options.env, signal }).then(
    (found) => {
      if (found !== null) metadata = { ...metadata, workspaces: { [found.root]: found.facts } };
    },
    () => {},
  );
  return () => metadata;
}
