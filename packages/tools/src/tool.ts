// The Tool contract: what a tool is, what it is given, what it answers.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Environment } from "@codex-ts/exec-server";
import type {
  AskForApproval,
  EventMsg,
  FileChange,
  JsonValue,
  ParsedCommand,
  PermissionProfile,
  ReviewDecision,
  SandboxPolicy,
  ToolOutputBody,
  ToolSchema,
  ToolSpec,
  TruncationPolicy,
} from "@codex-ts/protocol";
import type { Shell } from "@codex-ts/shell-command";
import type { ApprovalCache } from "./approvals.ts";
import type { ToolHooks } from "./hook-subject.ts";
import type { ProcessStore } from "./process-store.ts";
import type { ResourceClaim } from "./resource-gate.ts";
import type { TurnDiffTracker } from "./turn-diff.ts";

/** What the model handed to a tool. */
export type ToolPayload =
  | { readonly kind: "function"; /** Raw JSON text. */ readonly arguments: string }
  | { readonly kind: "custom"; readonly input: string }
  | {
      readonly kind: "local_shell";
      readonly command: readonly string[];
      readonly workdir: string | null;
      readonly timeoutMs: number | null;
    };

export interface ToolCall {
  readonly callId: string;
  /** `name`, or `namespace:name`. */
  readonly name: string;
  readonly payload: ToolPayload;
}

/** What goes back to the model. `success` is for our own bookkeeping and never sent. */
export interface ToolResult {
  readonly body: ToolOutputBody;
  readonly success: boolean;
  /**
   * What hooks are told of the output. When left out, the body of a call that succeeded, and nothing of
   * one that failed; null is nothing (the work is not done yet).
   */
  readonly hookResponse?: JsonValue;
  /** The command whose end this call saw, when an earlier call began it: hooks are told of that one. */
  readonly endOf?: { readonly callId: string; readonly command: string } | undefined;
  /**
   * What a script that made the call gets: the value of its promise, or the text that it rejects with.
   * When left out, the value is the body as text.
   */
  readonly forScript?: { readonly value: JsonValue } | { readonly error: string };
}

/** A question to the person (or to a reviewer in their place). */
export type ApprovalRequest =
  | {
      readonly kind: "command";
      readonly callId: string;
      readonly command: readonly string[];
      /** How the command reads to a person. */
      readonly parsedCommand: readonly ParsedCommand[];
      readonly cwd: AbsolutePath;
      readonly reason: string | null;
      readonly additionalPermissions?: PermissionProfile | undefined;
      /** What "approve for the session" remembers: equal keys are not asked again. */
      readonly keys: readonly string[];
      readonly availableDecisions: readonly ReviewDecision[];
    }
  | {
      readonly kind: "patch";
      readonly callId: string;
      readonly changes: Readonly<Record<string, FileChange>>;
      readonly reason: string | null;
      readonly keys: readonly string[];
    };

/** Asks the person; `abort` means that the turn is being interrupted. */
export type AskApproval = (
  request: ApprovalRequest,
  signal: AbortSignal,
) => Promise<ReviewDecision>;

/** What a turn offers its tools. One per turn; `signal` ends with the turn. */
export interface ToolContext {
  readonly threadId: string;
  readonly turnId: string;
  readonly cwd: AbsolutePath;
  readonly environment: Environment;
  readonly sandboxPolicy: SandboxPolicy;
  readonly approvalPolicy: AskForApproval;
  readonly askApproval: AskApproval;
  /** What the person approved for the session; it belongs to the session. */
  readonly approvals: ApprovalCache;
  /** The person's shell. */
  readonly shell: Shell;
  readonly allowLoginShell: boolean;
  /** The whole environment of a child, after the shell environment policy. */
  readonly childEnv: Readonly<Record<string, string>>;
  readonly truncation: TruncationPolicy;
  readonly supportsImageInput: boolean;
  readonly supportsOriginalImageDetail: boolean;
  readonly planMode: boolean;
  /** Background processes: they outlive the turn and belong to the session. */
  readonly processes: ProcessStore;
  readonly turnDiff: TurnDiffTracker;
  /** Longest wait of an empty poll, in milliseconds. */
  readonly backgroundTerminalMaxTimeoutMs: number;
  /** Lifecycle hooks around this call; none when left out. */
  readonly hooks?: ToolHooks | undefined;
  /** Background processes go on using it when the call and the turn have ended. */
  readonly emit: (event: EventMsg) => void;
}

export interface Tool {
  /** The key that calls are routed by. */
  readonly name: string;
  /**
   * What is offered to the model; absent for a tool that answers but is not offered. A spec with
   * `defer_loading` is not offered either, but scripts of code mode find the tool and can call it.
   */
  readonly spec?: ToolSpec | undefined;
  /** What a script gets from a call, for its documentation; unknown when left out. */
  readonly outputSchema?: ToolSchema | undefined;
  /** Whether calls of this tool may overlap with each other. */
  readonly parallel: boolean;
  /**
   * What a call holds while it runs (though not while it waits for a person): by default the workspace,
   * shared when `parallel` is true, else alone.
   */
  readonly claims?: ((call: ToolCall) => readonly ResourceClaim[]) | undefined;
  /** Answers a cancelled call: `elapsedMs` is how long it ran. */
  readonly abortedText: (elapsedMs: number) => string;
  readonly accepts: (payload: ToolPayload) => boolean;
  /**
   * Runs one call. Throws {@link ToolError} to answer with an error text (`respond`) or to end the
   * turn (`fatal`); anything else thrown ends the turn as well. Must stop soon after `signal` aborts.
   */
  readonly run: (call: ToolCall, context: ToolContext, signal: AbortSignal) => Promise<ToolResult>;
}

export type ToolErrorCode = "respond" | "fatal";

/** A failed call. `respond`: the message is the model's answer. `fatal`: the turn fails with it. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  readonly code: ToolErrorCode;

  constructor(code: ToolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
