// How a command reads to a person: which files it reads, lists or searches. For display alone.
import { parsePlainScript } from "./plain-script.ts";
import { parsePowerShellCall, parseShellCall } from "./shells.ts";
import { joinWords } from "./shlex.ts";
import { classifyCommand, isPipelineHelper, type Reading } from "./classify-command.ts";

/** What one command of a call does, in the shape of exec events. */
export type ParsedCommand =
  | {
      readonly type: "read";
      readonly cmd: string;
      /** The file's short name. */
      readonly name: string;
      /** Where it is, from the folder of the call. */
      readonly path: string;
    }
  | { readonly type: "list_files"; readonly cmd: string; readonly path: string | null }
  | {
      readonly type: "search";
      readonly cmd: string;
      readonly query: string | null;
      readonly path: string | null;
    }
  | { readonly type: "unknown"; readonly cmd: string };

/**
 * Describes an argv for display, never for a decision. Programs that only shape the output of others
 * are left out, `cd` goes into the paths of what is read, and repetitions become one. As soon as one
 * command is not understood, the whole is one `unknown` with the script or the quoted argv.
 *
 * @example
 * parseCommand(["bash", "-lc", "cd src && rg -n TODO . | head -n 5"]);
 * // [{ type: "search", cmd: "rg -n TODO .", query: "TODO", path: "." }]
 */
export function parseCommand(argv: readonly string[]): readonly ParsedCommand[] {
  const call = parseShellCall(argv);
  const script = call?.script ?? parsePowerShellCall(argv);
  const unknown: ParsedCommand = { type: "unknown", cmd: script ?? joinWords(argv) };
  if (call === null && (script !== null || argv.some((word) => /^(?:\|\|?|&&|;)$/.test(word)))) {
    return [unknown];
  }
  const commands =
    call === null ? [argv] : parsePlainScript(call.script)?.map(({ words }) => words);
  return (commands && describe(commands)) ?? [unknown];
}

function describe(commands: readonly (readonly string[])[]): ParsedCommand[] | null {
  const parsed: ParsedCommand[] = [];
  let folder: string | null = null;
  for (const words of commands) {
    const [program, ...args] = words;
    if (program === "cd") {
      folder = changeFolder(folder, args);
      continue;
    }
    if (commands.length > 1 && isLeftOut(words, parsed.length === 0)) continue;
    const reading = classifyCommand(words);
    if (reading === null) return null;
    const next = inFolder(reading, words, folder);
    if (!isSame(parsed.at(-1), next)) parsed.push(next);
  }
  return parsed.length === 0 ? null : parsed;
}

function isLeftOut(words: readonly string[], isLeading: boolean): boolean {
  const [program] = words;
  if (program === "true" || (program === "echo" && isLeading)) return true;
  return isPipelineHelper(words);
}

function inFolder(
  reading: Reading,
  words: readonly string[],
  folder: string | null,
): ParsedCommand {
  const cmd = joinWords(words);
  switch (reading.type) {
    case "read": {
      const path = joinPath(folder, reading.path);
      return { type: "read", cmd, name: shortPath(reading.path), path };
    }
    case "list_files":
      return { type: "list_files", cmd, path: reading.path && shortPath(reading.path) };
    case "search":
      return {
        type: "search",
        cmd,
        query: reading.query,
        path: reading.path && shortPath(reading.path),
      };
  }
}

function isSame(a: ParsedCommand | undefined, b: ParsedCommand): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The folder after `cd`; null when it is not known. */
function changeFolder(folder: string | null, args: readonly string[]): string | null {
  const target = args.find((arg) => !/^-./.test(arg));
  return target === undefined || target === "-" ? null : joinPath(folder, target);
}

function joinPath(folder: string | null, path: string): string {
  if (folder === null || /^[/~]/.test(path)) return path;
  return `${folder.replace(/\/+$/, "")}/${path}`;
}

/** The last part of a path that says something: folders that every project has are passed over. */
function shortPath(path: string): string {
  const parts = path
    .replaceAll("\\", "/")
    .split("/")
    .filter((part) => part !== "");
  const usual = new Set(["build", "dist", "node_modules", "src"]);
  return parts.findLast((part) => !usual.has(part)) ?? path.replace(/(?<=.)\/+$/, "");
}
