// Which skills a person has switched off.
import { realpath } from "node:fs/promises";
import { type AbsolutePath, fromAbsolute } from "@codex-ts/absolute-path";
import type { Skill } from "./skill.ts";

/** One entry of the configuration; it names skills by path (folder or file) or by name. */
export interface SkillSwitch {
  readonly path?: AbsolutePath | undefined;
  readonly name?: string | undefined;
  readonly enabled: boolean;
}

/**
 * The skills that are on. Entries come from the lowest layer to the highest, and later ones win over
 * earlier ones, whichever way they name a skill. An entry that names both path and name, or neither,
 * is not looked at: `ignored` has it.
 */
export async function enabledSkills(
  skills: readonly Skill[],
  switches: readonly SkillSwitch[],
): Promise<{ readonly enabled: readonly Skill[]; readonly ignored: readonly SkillSwitch[] }> {
  const ignored: SkillSwitch[] = [];
  const rules = new Map<
    string,
    { readonly matches: (skill: Skill) => boolean; readonly enabled: boolean }
  >();
  for (const entry of switches) {
    const { path, name, enabled } = entry;
    if ((path === undefined) === (name === undefined)) {
      ignored.push(entry);
      continue;
    }
    const target = path === undefined ? null : await canonical(path);
    const key = target === null ? `name ${name}` : `path ${target}`;
    // The place of a rule is that of its last entry.
    rules.delete(key);
    rules.set(key, {
      enabled,
      matches: (skill) =>
        target === null ? skill.name === name : skill.path === target || skill.folder === target,
    });
  }
  const isOn = (skill: Skill): boolean =>
    [...rules.values()].findLast(({ matches }) => matches(skill))?.enabled ?? true;
  return { enabled: skills.filter(isOn), ignored };
}

async function canonical(path: AbsolutePath): Promise<AbsolutePath> {
  return realpath(path).then(fromAbsolute, () => path);
}

/** Names that several of the skills have, with those skills; a plain `$name` picks none of them. */
export function nameCollisions(skills: readonly Skill[]): ReadonlyMap<string, readonly Skill[]> {
  const byName = Map.groupBy(skills, ({ name }) => name);
  return new Map([...byName].filter(([, group]) => group.length > 1));
}
