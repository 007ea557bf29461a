// The commands that a call comes to: those of the plain script that it hands to a shell, or itself.
import {
  isKnownSafeCommand,
  knownSafeCommands,
  parseHeredocCommand,
  parsePlainScript,
  parseShellCall,
  type SafetyOptions,
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

/** Takes a call apart. There is at least one command. */
export function commandsOfCall(argv: readonly string[], options: SafetyOptions): CallFacts {
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
    const safe = knownSafeCommands(script, options);
    const commands = script.map((command, index) => ({
      words: command.words,
      isKnownSafe: safe[index] === true,
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
