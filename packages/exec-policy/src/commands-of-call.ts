// The commands that a call comes to: those of the plain script that it hands to a shell, or itself.
import {
  isKnownSafeCommand,
  joinWords,
  parseHeredocCommand,
  parsePlainScript,
  parseShellCall,
  type PlainCommand,
} from "@codex-ts/shell-command";

export interface CommandFacts {
  readonly words: readonly string[];
  /** Whether it only looks. */
  readonly isKnownSafe: boolean;
  /** Whether the shell makes other words of these: file patterns, braces. */
  readonly isExpanded: boolean;
}

export interface CallFacts {
  readonly commands: readonly CommandFacts[];
  /** Whether the script does more than its one command's words say: it has a here-document. */
  readonly isComplex: boolean;
  /** Whether it also redirects to files or sets variables, which no rule about the words has seen. */
  readonly hasUnseenEffects: boolean;
}

export interface CallOptions {
  readonly platform: NodeJS.Platform;
  /** Whether git may obey the configuration of its repository and still count as safe. */
  readonly trustsRepository: boolean;
  /** Absolute paths of programs that are what their names say, besides the system's folders. */
  readonly trustedPrograms: readonly string[];
}

/** Takes a call apart. There is at least one command. */
export function commandsOfCall(argv: readonly string[], options: CallOptions): CallFacts {
  const whole = {
    words: argv,
    isKnownSafe: isKnownSafeCommand(argv, options),
    isExpanded: false,
  };
  const call = parseShellCall(argv);
  if (call === null) return simple([whole]);
  // A program that only has a shell's name may do anything with the script, so it is judged as well.
  const isShell = isKnownSafeCommand([call.program, "-c", "true"], options);
  const shell = isShell ? [] : [whole];
  const script = parsePlainScript(call.script);
  if (script !== null) {
    const commands = script.map((command) => ({
      words: command.words,
      isKnownSafe: isSafe(command, options),
      isExpanded: command.expanding.length > 0,
    }));
    return simple([...commands, ...shell]);
  }
  const heredoc = parseHeredocCommand(call.script);
  if (heredoc === null) return simple([whole]);
  const command = { words: heredoc.words, isKnownSafe: false, isExpanded: false };
  return {
    commands: [command, ...shell],
    isComplex: true,
    hasUnseenEffects: heredoc.hasFileRedirect || heredoc.hasAssignment,
  };
}

function simple(commands: readonly CommandFacts[]): CallFacts {
  return { commands, isComplex: false, hasUnseenEffects: false };
}

/** Words that expand must be judged as part of a script, where it is known that they do. */
function isSafe({ words, expanding }: PlainCommand, options: CallOptions): boolean {
  if (expanding.length === 0) return isKnownSafeCommand(words, options);
  const places = new Set(expanding);
  const isWritable = expanding.every((place) => /^[\w./*?[\]{},:@%+=-]+$/.test(words[place] ?? ""));
  const script = words.map((word, place) => (places.has(place) ? word : joinWords([word])));
  return isWritable && isKnownSafeCommand(["sh", "-c", script.join(" ")], options);
}
