// The Tool contract: what a tool is, what it is given, what it answers.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Amendment } from "@codex-ts/exec-policy";
import type { Environment } from "@codex-ts/exec-server";
import type {
  EventMsg,
  FileChange,
  JsonValue,
  ParsedCommand,
  PermissionProfile,
  RequestUserInputAnswer,
  RequestUserInputQuestion,
  ReviewDecision,
  ToolOutputBody,
  ToolSchema,
  ToolSpec,
  TruncationPolicy,
} from "@codex-ts/protocol";
import type { ApprovalReviewer } from "./approval-review.ts";
import type { ApprovalCache } from "./approvals.ts";
import type { DecisionContext } from "./decide-command.ts";
import type { ToolHooks } from "./hook-subject.ts";
import type { GrantScope } from "./permission-grants.ts";
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

/** A model's call of a tool. */
export interface ToolCall {
  /** Names the call; its answer carries the same. */
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
      /** The name of the tool that would run it. */
      readonly tool: string;
      readonly command: readonly string[];
      /** How the command reads to a person. */
      readonly parsedCommand: readonly ParsedCommand[];
      readonly cwd: AbsolutePath;
      /** Why it is asked about: a rule's reason, else the model's words. */
      readonly reason: string | null;
      /** The model's words. */
      readonly justification: string | null;
      /** Whether it would run outside the sandbox. */
      readonly isUnconfined: boolean;
      readonly additionalPermissions?: PermissionProfile | undefined;
      /** What may be allowed for good instead of once; null when nothing would cover the command. */
      readonly amendment: Amendment | null;
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

/** What the model asks to be permitted, for the rest of the turn or of the session. */
export interface PermissionsRequest {
  readonly callId: string;
  /** The model's words. */
  readonly reason: string | null;
  readonly permissions: PermissionProfile;
}

/** What the person grants of it; an empty profile is a refusal. */
export interface PermissionsAnswer {
  readonly permissions: PermissionProfile;
  readonly scope: GrantScope;
}

/** Questions that the model has to the person. */
export interface UserInputRequest {
  readonly callId: string;
  readonly questions: readonly RequestUserInputQuestion[];
}

/** The answers by question id; null when the person gave none. */
export type UserInputAnswers = Readonly<Record<string, RequestUserInputAnswer>> | null;

/** What a turn offers its tools. One per turn; `signal` ends with the turn. */
export interface ToolContext extends DecisionContext {
  readonly threadId: string;
  readonly turnId: string;
  /** Where commands run and files are read. */
  readonly environment: Environment;
  readonly askApproval: AskApproval;
  /** Answers in the person's place under the policy `on-request`; nobody does when left out. */
  readonly reviewer?: ApprovalReviewer | undefined;
  /** Asks the person, and waits for the answer. */
  readonly askPermissions: (
    request: PermissionsRequest,
    signal: AbortSignal,
  ) => Promise<PermissionsAnswer>;
  /** Asks the person, and waits for the answer. */
  readonly askUserInput: (
    request: UserInputRequest,
    signal: AbortSignal,
  ) => Promise<UserInputAnswers>;
  /** What the person approved for the session; it belongs to the session. */
  readonly approvals: ApprovalCache;
  /** How long an output may be. */
  readonly truncation: TruncationPolicy;
  readonly supportsImageInput: boolean;
  readonly supportsOriginalImageDetail: boolean;
  /** Whether the turn only makes a plan. */
  readonly planMode: boolean;
  /** Background processes: they outlive the turn and belong to the session. */
  readonly processes: ProcessStore;
  /** Is told which files change, to show all of a turn's changes as one diff. */
  readonly turnDiff: TurnDiffTracker;
  /** Longest wait of an empty poll, in milliseconds. */
  readonly backgroundTerminalMaxTimeoutMs: number;
  /** Lifecycle hooks around this call; none when left out. */
  readonly hooks?: ToolHooks | undefined;
  /** Background processes go on using it when the call and the turn have ended. */
  readonly emit: (event: EventMsg) => void;
  /** Has the model read a developer message after the output of this call. */
  readonly tellModel: (text: string) => void;
}

/** What one context offers to all calls of a turn; the rest belongs to each call. */
export type TurnToolContext = Omit<ToolContext, "emit" | "tellModel">;

/** A tool that a model can call, and how its calls are run. */
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
  /** Whether calls of this kind are for the tool; others are answered with an error. */
  readonly accepts: (payload: ToolPayload) => boolean;
  /**
   * Runs one call. Throws {@link ToolError} to answer with an error text (`respond`) or to end the
   * turn (`fatal`); anything else thrown ends the turn as well. Must stop soon after `signal` aborts.
   */
  readonly run: (call: ToolCall, context: ToolContext, signal: AbortSignal) => Promise<ToolResult>;
}

/** Whether the model is answered, or the turn ends. */
export type ToolErrorCode =
  /** The message is the model's answer. */
  | "respond"
  /** The turn fails with the message. */
  | "fatal";

/** A failed call. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  readonly code: ToolErrorCode;

  constructor(code: ToolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
