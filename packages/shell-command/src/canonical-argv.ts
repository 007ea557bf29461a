import { parsePlainScript } from "./plain-script.ts";
import { parsePowerShellCall, parseShellCall } from "./shells.ts";

/**
 * One form for the argvs that run the same thing, to remember answers by: a shell call of one plain
 * command is that command's words, so that neither the shell's path nor blanks between words matter;
 * other shell calls are told apart by flag and script.
 *
 * @example
 * canonicalArgv(["/bin/bash", "-lc", "cargo  test"]); // ["cargo", "test"]
 */
export function canonicalArgv(argv: readonly string[]): readonly string[] {
  const call = parseShellCall(argv);
  if (call !== null) {
    const commands = parsePlainScript(call.script);
    const only = commands?.length === 1 ? commands[0] : undefined;
    if (only !== undefined) return only.words;
    return ["__codex_shell_script__", call.flag, call.script];
  }
  const script = parsePowerShellCall(argv);
  return script === null ? argv : ["__codex_powershell_script__", script];
}
