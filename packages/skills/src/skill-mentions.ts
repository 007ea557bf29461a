// Which skills a prompt names.
import type { UserInput } from "@codex-ts/protocol";
import type { Skill } from "./skill.ts";

/** What a text points at with `$name` or `[$name](path)`. */
export interface SkillMentions {
  /** All names, in the order of the text, each once. */
  readonly names: readonly string[];
  /** Those that stand without a path. */
  readonly plainNames: readonly string[];
  /** The paths that may be skills, with `/`. */
  readonly paths: readonly string[];
}

/** `$HOME` and the like are not skills. */
const environmentNames: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "USER",
  "SHELL",
  "PWD",
  "TMPDIR",
  "TEMP",
  "TMP",
  "LANG",
  "TERM",
  "XDG_CONFIG_HOME",
]);

const mention = /\[[ \t]*\$([A-Za-z0-9_\-:]+)[ \t]*\][ \t]*\(([^()\n]*)\)|\$([A-Za-z0-9_\-:]+)/g;

/**
 * Finds `$name` and `[$name](path)` in a text. A colon at the end of a plain name is the sentence's.
 * Paths of connectors (`app://`), servers (`mcp://`) and plugins (`plugin://`) are no skills.
 */
export function findSkillMentions(text: string): SkillMentions {
  const names = new Set<string>();
  const plainNames = new Set<string>();
  const paths = new Set<string>();
  for (const [, linkedName, linkedPath, plainName] of text.matchAll(mention)) {
    const name = linkedName ?? plainName?.replace(/:+$/, "") ?? "";
    if (name === "" || environmentNames.has(name.toUpperCase())) continue;
    names.add(name);
    const path = skillPath(linkedPath?.trim() ?? "");
    if (path === "") plainNames.add(name);
    else if (path !== null) paths.add(path);
  }
  return { names: [...names], plainNames: [...plainNames], paths: [...paths] };
}

/** The path with `/` and without `skill://`; null for paths of other kinds. */
function skillPath(written: string): string | null {
  if (/^(?:app|mcp|plugin):\/\//i.test(written)) return null;
  return written.replace(/^skill:\/\//i, "").replaceAll("\\", "/");
}

/** What else a name may mean. */
export interface SelectSkillsOptions {
  /** Names that connectors answer to; a plain mention of one picks no skill. */
  readonly connectorNames?: Iterable<string> | undefined;
}

/**
 * The skills that the inputs of a turn name, each once, from those that are on. First the structured
 * inputs in their order; their names then count no longer in texts, even if the path was not known.
 * Then, in the order of `skills`, those named by path, and those whose name only one skill has.
 */
export function selectSkills(
  inputs: readonly UserInput[],
  skills: readonly Skill[],
  { connectorNames = [] }: SelectSkillsOptions = {},
): readonly Skill[] {
  const chosen = new Set<Skill>();
  const barred = new Set<string>(connectorNames);
  const isAt = (skill: Skill, path: string): boolean =>
    [skill.path, skill.folder].some((place) => place.replaceAll("\\", "/") === path);
  for (const input of inputs) {
    if (input.type !== "skill" && input.type !== "mention") continue;
    if (input.type === "mention" && !/^skill:\/\//i.test(input.path)) continue;
    barred.add(input.name);
    const path = skillPath(input.path);
    const found = path === null ? undefined : skills.find((skill) => isAt(skill, path));
    if (found !== undefined) chosen.add(found);
  }

  const texts = inputs.flatMap((input) => (input.type === "text" ? [input.text] : []));
  const mentions = texts.map(findSkillMentions);
  const paths = new Set(mentions.flatMap((found) => found.paths));
  for (const skill of skills) {
    if ([...paths].some((path) => isAt(skill, path))) chosen.add(skill);
  }
  const plain = new Set(mentions.flatMap((found) => found.plainNames));
  for (const [name, group] of Map.groupBy(skills, (skill) => skill.name)) {
    const [skill] = group;
    if (skill === undefined || group.length > 1 || barred.has(name) || !plain.has(name)) continue;
    chosen.add(skill);
  }
  return [...chosen];
}
