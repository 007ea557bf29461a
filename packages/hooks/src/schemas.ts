// What crosses the border, checked: payloads and answers of each event, and a handler of a file.
import { z } from "zod";
import { HookError } from "./errors.ts";
import {
  type HookEventName,
  type HookInputs,
  type HookOutputs,
  hookEventNames,
  isHookEventName,
  orderedInput,
} from "./events.ts";

const nullableString = z.string().nullable().meta({ id: "NullableString" });
const optionalString = z.string().nullable().default(null);
const anyValue = z.unknown().default(null);
const turnId = z
  .string()
  .meta({ description: "The id of the turn; an extension of the hook convention." });
const permissionMode = z.enum(["default", "acceptEdits", "plan", "dontAsk", "bypassPermissions"]);

function session<E extends HookEventName>(event: E) {
  return {
    cwd: z.string(),
    hook_event_name: z.literal(event),
    model: z.string(),
    permission_mode: permissionMode,
    session_id: z.string(),
    transcript_path: nullableString,
  };
}

const toolCall = {
  tool_input: z.json(),
  tool_name: z.string(),
  tool_use_id: z.string(),
  turn_id: turnId,
};

/** The payload of each event. */
export const hookInputSchemas = {
  PreToolUse: z.strictObject({ ...session("PreToolUse"), ...toolCall }),
  PostToolUse: z.strictObject({
    ...session("PostToolUse"),
    ...toolCall,
    tool_response: z.json(),
  }),
  SessionStart: z.strictObject({
    ...session("SessionStart"),
    source: z.enum(["startup", "resume", "clear"]),
  }),
  UserPromptSubmit: z.strictObject({
    ...session("UserPromptSubmit"),
    prompt: z.string(),
    turn_id: turnId,
  }),
  Stop: z.strictObject({
    ...session("Stop"),
    last_assistant_message: nullableString,
    stop_hook_active: z.boolean(),
    turn_id: turnId,
  }),
} satisfies { readonly [E in HookEventName]: z.ZodType<HookInputs[E]> };

const universal = {
  continue: z.boolean().default(true),
  stopReason: optionalString,
  suppressOutput: z.boolean().default(false),
  systemMessage: optionalString,
};

const eventName = z.enum(hookEventNames).meta({ id: "HookEventName" });
const block = z.enum(["block"]).nullable().default(null);

const contextOutput = { additionalContext: optionalString, hookEventName: eventName };

function specific<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape).nullable().default(null);
}

/** The answer of each event: unknown keys are refused, null stands for "not given". */
export const hookOutputSchemas = {
  PreToolUse: z.strictObject({
    ...universal,
    decision: z.enum(["approve", "block"]).nullable().default(null),
    hookSpecificOutput: specific({
      ...contextOutput,
      permissionDecision: z.enum(["allow", "deny", "ask"]).nullable().default(null),
      permissionDecisionReason: optionalString,
      updatedInput: anyValue,
    }),
    reason: optionalString,
  }),
  PostToolUse: z.strictObject({
    ...universal,
    decision: block,
    hookSpecificOutput: specific({ ...contextOutput, updatedMCPToolOutput: anyValue }),
    reason: optionalString,
  }),
  SessionStart: z.strictObject({ ...universal, hookSpecificOutput: specific(contextOutput) }),
  UserPromptSubmit: z.strictObject({
    ...universal,
    decision: block,
    hookSpecificOutput: specific(contextOutput),
    reason: optionalString,
  }),
  Stop: z.strictObject({ ...universal, decision: block, reason: optionalString }),
} satisfies { readonly [E in HookEventName]: z.ZodType<HookOutputs[E]> };

const seconds = z.int().nonnegative();

/** One command handler, whatever its dialect; `timeout` is in the dialect's unit. */
export const commandHandlerSchema = z
  .looseObject({
    type: z.literal("command"),
    command: z.string(),
    timeout: seconds.optional().meta({ description: "600 seconds when left out." }),
    timeoutSec: seconds.optional().meta({ description: "Another name of `timeout`." }),
    async: z.boolean().optional().meta({ description: "Not supported when true." }),
    statusMessage: z.string().nullish().meta({ description: "Shown while the hook runs." }),
    failClosed: z
      .boolean()
      .optional()
      .meta({ description: "Whether a failure blocks: PreToolUse and UserPromptSubmit alone." }),
  })
  .refine((handler) => handler.timeout === undefined || handler.timeoutSec === undefined, {
    message: "`timeout` and `timeoutSec` are two names of one thing: give one",
  });

/** An entry of `imports`: another program's settings file to read hooks from. */
export const hookImportSchema = z.strictObject({
  dialect: z.enum(["claude", "gemini"]),
  path: z.string().min(1),
});

const handlerGroups = z
  .array(
    z.looseObject({
      matcher: z
        .string()
        .nullish()
        .meta({ description: "A regular expression; everything when absent, empty or `*`." }),
      hooks: z.array(commandHandlerSchema).optional(),
    }),
  )
  .optional();

/**
 * A hooks.json as it is meant to be; `hooks` is the same table in config.toml. Discovery is more
 * patient: it leaves out what does not fit, handler by handler.
 */
export const hooksFileSchema = z.looseObject({
  hooks: z
    .looseObject({
      PreToolUse: handlerGroups,
      PostToolUse: handlerGroups,
      SessionStart: handlerGroups,
      UserPromptSubmit: handlerGroups,
      Stop: handlerGroups,
      imports: z.array(hookImportSchema).optional(),
    })
    .optional(),
});

/** A schema's complaint in one line. */
export function complaint(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

/**
 * Checks a payload from outside, such as a file given to a command that tries hooks out. The field
 * `hook_event_name` may be left out.
 *
 * @throws HookError `unknown_event`, or `bad_input` with every field that is wrong
 */
export function parseHookInput<E extends HookEventName>(event: E, value: unknown): HookInputs[E] {
  if (!isHookEventName(event)) {
    throw new HookError(
      "unknown_event",
      `there is no hook event ${JSON.stringify(event)}; the events are ${hookEventNames.join(", ")}`,
    );
  }
  const named =
    typeof value === "object" && value !== null ? { hook_event_name: event, ...value } : value;
  const parsed = hookInputSchemas[event].safeParse(named);
  if (parsed.success) return orderedInput(parsed.data as HookInputs[E]);
  throw new HookError(
    "bad_input",
    `this is no payload of a ${event} hook: ${complaint(parsed.error)}`,
    { cause: parsed.error },
  );
}
