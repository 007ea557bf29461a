// The dialects: whose files are read, and how their words map to this engine's contract.
import type { HookEventName, HookInput } from "./events.ts";
import { claudeDialect } from "./dialect-claude.ts";
import { codexDialect } from "./dialect-codex.ts";
import { geminiDialect } from "./dialect-gemini.ts";

/** `codex`: hooks.json and the table in config.toml; the others: the `hooks` of a settings.json. */
export type DialectName = "codex" | "claude" | "gemini";

/** An answer in the contract's words, or why it cannot be had. */
export type DecodedOutput =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** What was asked for and cannot be given; shown as warnings. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

export interface Dialect {
  readonly name: DialectName;
  /** The dialect's event → ours. */
  readonly events: Readonly<Record<string, HookEventName>>;
  /** The dialect's events that have no counterpart, and why. */
  readonly refusedEvents: Readonly<Record<string, string>>;
  /** Keys of `hooks` that are no events. */
  readonly otherKeys: readonly string[];
  /** Milliseconds in one unit of `timeout`. */
  readonly timeoutUnitMs: number;
  readonly defaultTimeoutMs: number;
  /** The pattern of {@link compileMatcher} that means what `matcher` means in the dialect. */
  readonly pattern: (matcher: string, event: HookEventName) => string;
  /** The names that a tool goes by; a matcher that fits one of them fits. */
  readonly toolNames: (toolName: string) => readonly string[];
  /** Why a handler with this field cannot run here; null when it can. */
  readonly refusedField: (handler: Readonly<Record<string, unknown>>) => string | null;
  /** What goes to standard input. */
  readonly encodeInput: (input: HookInput, now: Date) => object;
  /** What is added to the environment. */
  readonly environment: (input: HookInput) => Readonly<Record<string, string>>;
  /** What a JSON value on standard output says in our words; it is checked afterwards. */
  readonly decodeOutput: (event: HookEventName, value: unknown) => DecodedOutput;
  /** Whether plain text from a Stop hook is nothing rather than a mistake. */
  readonly toleratesStopText: boolean;
}

const dialects: Readonly<Record<DialectName, Dialect>> = {
  codex: codexDialect,
  claude: claudeDialect,
  gemini: geminiDialect,
};

export function dialectNamed(name: DialectName): Dialect {
  return dialects[name];
}
