// Seeing from a command that the model uses a skill.
import { type AbsolutePath, isInside, join, resolve } from "@codex-ts/absolute-path";
import type { Skill } from "./skill.ts";

/** A skill that a command uses. */
export interface SkillUse {
  readonly skill: Skill;
  /** Its `SKILL.md` is read, or one of its scripts is run. */
  readonly kind: "read" | "script";
}

const readers: ReadonlySet<string> = new Set([
  "cat",
  "sed",
  "head",
  "tail",
  "less",
  "more",
  "bat",
  "awk",
]);

const runners: ReadonlySet<string> = new Set([
  "python",
  "python3",
  "bash",
  "zsh",
  "sh",
  "node",
  "deno",
  "ruby",
  "perl",
  "pwsh",
]);

const scriptName = /\.(?:py|sh|js|ts|rb|pl|ps1)$/i;

/** The skill that a command (program and arguments) reads or runs a script of; null for other commands. */
export function implicitSkillUse(
  command: readonly string[],
  cwd: AbsolutePath,
  skills: readonly Skill[],
): SkillUse | null {
  const [program = "", ...args] = command;
  const name = (program.split(/[/\\]/).at(-1) ?? "").replace(/\.exe$/i, "").toLowerCase();
  if (readers.has(name)) {
    for (const arg of args.filter((word) => word !== "" && !word.startsWith("-"))) {
      const path = resolve(arg, cwd);
      const skill = skills.find((known) => known.path === path);
      if (skill !== undefined) return { skill, kind: "read" };
    }
    return null;
  }
  if (!runners.has(name)) return null;
  const script = scriptOf(name, args);
  if (script === null) return null;
  const path = resolve(script, cwd);
  const skill = skills.find((known) => isInside(path, join(known.folder, "scripts")));
  return skill === undefined ? null : { skill, kind: "script" };
}

/** The script that a runner is given; null when its code stands on the command line. */
function scriptOf(runner: string, args: readonly string[]): string | null {
  const words = runner === "deno" && args[0] === "run" ? args.slice(1) : args;
  for (const word of words) {
    if (/^(?:-[cemp]|--eval|--print|-Command|-EncodedCommand)$/.test(word)) return null;
    if (word.startsWith("-")) continue;
    return scriptName.test(word) ? word : null;
  }
  return null;
}
