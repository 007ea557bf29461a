export { canonicalArgv } from "./canonical-argv.ts";
export { isDangerousCommand } from "./dangerous.ts";
export { type ApplyPatchCall, extractApplyPatch } from "./extract-apply-patch.ts";
export {
  isKnownSafeCommand,
  knownSafeCommands,
  lookingEnvironment,
  type SafetyOptions,
} from "./known-safe.ts";
export {
  type HeredocCommand,
  parseHeredocCommand,
  parsePlainScript,
  type PlainCommand,
} from "./plain-script.ts";
export {
  defaultShell,
  findShell,
  parsePowerShellCall,
  parseShellCall,
  type Shell,
  shellArgv,
  type ShellCall,
  type ShellKind,
  shellKindOf,
  type ShellLookups,
  systemShellLookups,
} from "./shells.ts";
export { joinWords, splitWords } from "./shlex.ts";
export { parseCommand, type ParsedCommand } from "./parsed-command.ts";
