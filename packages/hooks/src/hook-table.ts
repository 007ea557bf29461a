// One `hooks` table, of whichever dialect, read handler by handler: a bad one costs only itself.
import type { Dialect } from "./dialect.ts";
import { HookError } from "./errors.ts";
import { hookEventNames, type HookEventName } from "./events.ts";
import { type CommandHandler, usesMatcher } from "./handler.ts";
import { compileMatcher, type Matcher } from "./matcher.ts";
import { isFields } from "./object-fields.ts";
import { commandHandlerSchema, complaint } from "./schemas.ts";

/** Where in a table something stands: `["PreToolUse", 0, "hooks", 1]`. */
export type TablePath = readonly (string | number)[];

/** One handler of a table, or what stands in the place of one. */
export interface TableEntry {
  /** The event as the table has it. */
  readonly eventText: string;
  readonly matcher: string | null;
  readonly command: string | null;
  readonly statusMessage: string | null;
  readonly timeoutMs: number | null;
  readonly path: TablePath;
  /** Ready to run, but for its source. */
  readonly handler: Omit<CommandHandler, "source"> | null;
  /** Why it cannot run. */
  readonly problem: string | null;
  /** Whether a person is to be told of the problem unasked. */
  readonly warn: boolean;
}

/** All entries: events in the engine's order, then groups and handlers in the table's. */
export function readHookTable(table: unknown, dialect: Dialect): readonly TableEntry[] {
  if (table === undefined || table === null) return [];
  if (!isFields(table)) return [broken("hooks", [], "`hooks` must be an object of events")];
  const known = Object.entries(dialect.events)
    .toSorted(([, a], [, b]) => hookEventNames.indexOf(a) - hookEventNames.indexOf(b))
    .flatMap(([name, event]) =>
      Object.hasOwn(table, name) ? readEvent(table[name], name, event, dialect) : [],
    );
  const others = Object.keys(table)
    .filter((name) => !Object.hasOwn(dialect.events, name) && !dialect.otherKeys.includes(name))
    .map((name): TableEntry => {
      const refused = Object.hasOwn(dialect.refusedEvents, name)
        ? dialect.refusedEvents[name]
        : undefined;
      // A newer version's event is no mistake.
      return {
        ...broken(name, [name], refused ?? `there is no event \`${name}\` here`),
        warn: refused !== undefined,
      };
    });
  return [...known, ...others];
}

function broken(eventText: string, path: TablePath, problem: string): TableEntry {
  return {
    eventText,
    matcher: null,
    command: null,
    statusMessage: null,
    timeoutMs: null,
    path,
    handler: null,
    problem,
    warn: true,
  };
}

function readEvent(
  groups: unknown,
  eventText: string,
  event: HookEventName,
  dialect: Dialect,
): readonly TableEntry[] {
  if (!Array.isArray(groups)) {
    return [broken(eventText, [eventText], `\`${eventText}\` must be a list of groups`)];
  }
  return groups.flatMap((group: unknown, index): readonly TableEntry[] => {
    const path = [eventText, index];
    if (!isFields(group)) return [broken(eventText, path, "a group must be an object")];
    const { matcher = null, hooks = [] } = group;
    if (matcher !== null && typeof matcher !== "string") {
      return [broken(eventText, path, "`matcher` must be a string")];
    }
    if (!Array.isArray(hooks)) {
      return [{ ...broken(eventText, path, "`hooks` must be a list of handlers"), matcher }];
    }
    const compiled = compileGroupMatcher(matcher, event, dialect);
    if ("problem" in compiled) {
      return [
        { ...broken(eventText, path, compiled.problem), matcher, command: firstCommand(hooks) },
      ];
    }
    return hooks.map((handler: unknown, position) =>
      readHandler(
        handler,
        [...path, "hooks", position],
        { eventText, event, ...compiled },
        dialect,
      ),
    );
  });
}

function firstCommand(hooks: readonly unknown[]): string | null {
  const [first] = hooks;
  return isFields(first) && typeof first["command"] === "string" ? first["command"] : null;
}

interface GroupMatcher {
  /** As written; null where the event has no use for it. */
  readonly matcher: string | null;
  readonly matches: Matcher;
}

function compileGroupMatcher(
  matcher: string | null,
  event: HookEventName,
  dialect: Dialect,
): GroupMatcher | { readonly problem: string } {
  if (!usesMatcher(event)) return { matcher: null, matches: compileMatcher(/*pattern*/ null) };
  const everything = matcher === null || matcher === "" || matcher === "*";
  try {
    const pattern = everything ? matcher : dialect.pattern(matcher, event);
    return { matcher, matches: compileMatcher(pattern) };
  } catch (error) {
    if (!(error instanceof HookError)) throw error;
    return { problem: error.message };
  }
}

interface Group extends GroupMatcher {
  readonly eventText: string;
  readonly event: HookEventName;
}

function readHandler(
  value: unknown,
  path: TablePath,
  { eventText, event, matcher, matches }: Group,
  dialect: Dialect,
): TableEntry {
  const command = isFields(value) && typeof value["command"] === "string" ? value["command"] : null;
  const bad = (problem: string) => ({ ...broken(eventText, path, problem), matcher, command });
  const problem = handlerProblem(value, dialect);
  if (problem !== null) return bad(problem);
  const parsed = commandHandlerSchema.safeParse(value);
  if (!parsed.success) return bad(complaint(parsed.error));
  const { timeout, timeoutSec, statusMessage = null, failClosed = false } = parsed.data;
  const given = timeout ?? timeoutSec;
  const timeoutMs =
    given === undefined ? dialect.defaultTimeoutMs : Math.max(given, 1) * dialect.timeoutUnitMs;
  return {
    eventText,
    matcher,
    command: parsed.data.command,
    statusMessage,
    timeoutMs,
    path,
    handler: {
      type: "command",
      event,
      matcher,
      matches,
      command: parsed.data.command,
      dialect: dialect.name,
      timeoutMs,
      statusMessage,
      failClosed,
    },
    problem: null,
    warn: false,
  };
}

function handlerProblem(value: unknown, dialect: Dialect): string | null {
  if (!isFields(value)) return "a handler must be an object";
  const { type } = value;
  if (type === undefined) return '`type` is missing; it is "command" for a command';
  if (type !== "command") {
    return `hooks of the type ${JSON.stringify(type)} are not supported; only "command" is`;
  }
  if (typeof value["command"] === "string" && value["command"].trim() === "") {
    return "`command` is blank";
  }
  return dialect.refusedField(value);
}

/** The entries of `imports`, each as it was found. */
export function importsOf(table: unknown): readonly unknown[] {
  if (!isFields(table)) return [];
  const { imports } = table;
  if (imports === undefined) return [];
  return Array.isArray(imports) ? imports : [imports];
}
