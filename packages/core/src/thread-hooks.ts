// Lifecycle hooks as a turn meets them: payloads made from the turn, runs announced as events.
import {
  hookPermissionMode,
  type Hooks,
  type HookRunEvent,
  type HookStop,
  type SessionStartInput,
  type SessionStartOutcome,
  type StopOutcome,
  type UserPromptSubmitOutcome,
} from "@codex-ts/hooks";
import type { ToolHooks } from "@codex-ts/tools";
import type { Journal } from "./journal.ts";
import type { TurnContext } from "./turn-context.ts";

export interface ThreadHooksParts {
  readonly hooks: Hooks;
  readonly threadId: string;
  readonly transcriptPath: string | null;
  readonly turn: TurnContext;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  /** The session file must be there before a hook is told of it. */
  readonly materialise: () => Promise<void>;
}

/** What a hook made of a session's start or of a prompt. */
export interface PromptVerdict {
  readonly stop: HookStop | null;
  /** One developer message each. */
  readonly contexts: readonly string[];
}

/** The hooks of one turn. */
export interface TurnHooks {
  sessionStart(source: SessionStartInput["source"]): Promise<PromptVerdict>;
  promptSubmit(prompt: string): Promise<PromptVerdict>;
  stop(stopHookActive: boolean, lastMessage: string | null): Promise<StopOutcome>;
  /** Hooks around one tool call; `contexts` receives what the model is to be told after its output. */
  aroundTool(contexts: string[]): ToolHooks;
}

const SHUT_DOWN = "the hooks that are to be asked first have been shut down";

/** Who cannot be asked has not agreed. */
function verdict(outcome: SessionStartOutcome | UserPromptSubmitOutcome): PromptVerdict {
  const stop: HookStop | null = outcome.cancelled
    ? { status: "blocked", reason: SHUT_DOWN }
    : outcome.stop;
  return { stop, contexts: outcome.additionalContexts };
}

export function turnHooks(parts: ThreadHooksParts): TurnHooks {
  const { hooks, turn, journal, signal } = parts;
  const facts = {
    session_id: parts.threadId,
    transcript_path: parts.transcriptPath,
    cwd: turn.settings.cwd,
    model: turn.settings.model,
    permission_mode: hookPermissionMode(turn.settings.approvalPolicy),
  };
  const turnFacts = { ...facts, turn_id: turn.turnId };
  const onEvent = ({ type, run }: HookRunEvent): void => {
    void journal.post({
      kind: "event",
      id: turn.turnId,
      msg: { type, turn_id: turn.turnId, run },
    });
  };
  const options = { signal, onEvent };
  const warn = async (warnings: readonly string[]): Promise<void> => {
    for (const message of warnings) {
      await journal.post({ kind: "event", id: turn.turnId, msg: { type: "warning", message } });
    }
    signal.throwIfAborted();
  };

  return {
    async sessionStart(source) {
      if (!hooks.has("SessionStart")) return { stop: null, contexts: [] };
      await parts.materialise();
      const outcome = await hooks.run("SessionStart", { ...facts, source }, options);
      await warn(outcome.warnings);
      return verdict(outcome);
    },
    async promptSubmit(prompt) {
      if (!hooks.has("UserPromptSubmit")) return { stop: null, contexts: [] };
      await parts.materialise();
      const outcome = await hooks.run("UserPromptSubmit", { ...turnFacts, prompt }, options);
      await warn(outcome.warnings);
      return verdict(outcome);
    },
    async stop(stopHookActive, lastMessage) {
      const outcome = await hooks.run(
        "Stop",
        { ...turnFacts, stop_hook_active: stopHookActive, last_assistant_message: lastMessage },
        options,
      );
      await warn(outcome.warnings);
      return outcome;
    },
    aroundTool: (contexts) => ({
      async before(subject, callSignal) {
        if (!hooks.has("PreToolUse")) return null;
        const outcome = await hooks.run(
          "PreToolUse",
          {
            ...turnFacts,
            tool_name: subject.toolName,
            tool_input: subject.toolInput,
            tool_use_id: subject.callId,
          },
          { signal: callSignal, onEvent, toolAliases: subject.aliases },
        );
        if (outcome.cancelled && !callSignal.aborted) return `Not run: ${SHUT_DOWN}.`;
        if (outcome.block === null) return null;
        const what =
          subject.command === null ? `Tool: ${subject.toolName}` : `Command: ${subject.command}`;
        return `Blocked by a PreToolUse hook: ${outcome.block.reason}\n${what}`;
      },
      async after(subject, response, callSignal) {
        if (!hooks.has("PostToolUse")) return null;
        const outcome = await hooks.run(
          "PostToolUse",
          {
            ...turnFacts,
            tool_name: subject.toolName,
            tool_input: subject.toolInput,
            tool_response: response,
            tool_use_id: subject.callId,
          },
          { signal: callSignal, onEvent, toolAliases: subject.aliases },
        );
        contexts.push(...outcome.additionalContexts);
        if (outcome.feedback !== null) return outcome.feedback;
        if (outcome.stop === null) return null;
        return outcome.stop.reason ?? "A PostToolUse hook withheld the output of this call.";
      },
    }),
  };
}
