// Commands as people read them.
import { joinWords } from "@codex-ts/shell-command";

/** A command as a person would type it: the script of `bash -lc SCRIPT`, without the wrapper. */
export function shellCommand(command: readonly string[]): string {
  const [program, flag, script, ...rest] = command;
  if (
    program !== undefined &&
    script !== undefined &&
    rest.length === 0 &&
    (flag === "-lc" || flag === "-c") &&
    /(?:^|\/)(?:bash|zsh|sh)$/.test(program)
  ) {
    return script;
  }
  return joinWords(command);
}
