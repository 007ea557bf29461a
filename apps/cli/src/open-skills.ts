// The skills of a run: found below the folders that the configuration knows of, less those switched off.
import { type AbsolutePath, fromAbsolute, parent } from "@codex-ts/absolute-path";
import { findProjectRoot, type LoadedConfig } from "@codex-ts/config";
import {
  enabledSkills,
  formatSkillProblem,
  type LoadedSkills,
  loadSkills,
  nameCollisions,
  type Skill,
  skillRoots,
} from "@codex-ts/skills";

export interface OpenSkills {
  /** The skills for a session in a folder, read anew: a skill that was added counts from the next turn on. */
  readonly inFolder: (cwd: AbsolutePath) => Promise<readonly Skill[]>;
  /** What is wrong with skills here, for the person. */
  readonly warnings: readonly string[];
}

export async function openSkills(
  { config, layers }: LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OpenSkills> {
  const projectLayers = layers
    .flatMap(({ name }) => (name.type === "project" ? [name.dotCodexFolder] : []))
    .toReversed();
  const machine = layers.find(({ name }) => name.type === "system")?.file;
  const home = env["HOME"] ?? env["USERPROFILE"];
  const isUntrusted = config.trustLevel === "untrusted";
  const load = async (cwd: AbsolutePath): Promise<LoadedSkills> => {
    const { skills, problems } = await loadSkills(
      skillRoots({
        projectLayers,
        codexHome: config.codexHome,
        home: home === undefined ? undefined : fromAbsolute(home),
        systemFolder: machine === undefined ? undefined : (parent(machine) ?? undefined),
        bundled: config.skills.bundledEnabled,
        cwd,
        projectRoot: await findProjectRoot(cwd, config.projectRootMarkers),
      }),
    );
    const offered = isUntrusted ? skills.map(onlyWhenNamed) : skills;
    return { skills: offered, problems };
  };
  const first = await load(config.cwd);
  // What was just read serves the first turn; later ones look again.
  let justRead: Awaited<ReturnType<typeof load>> | null = first;
  const switched = await enabledSkills(first.skills, config.skills.switches);
  const ignored = switched.ignored.map(
    ({ path, name }) =>
      `an entry of skills.config names ${path === undefined && name === undefined ? "no skill" : `both a path (${path}) and a name (${name})`}; give one of the two`,
  );
  return {
    inFolder: async (cwd) => {
      const { skills } = cwd === config.cwd && justRead !== null ? justRead : await load(cwd);
      justRead = null;
      return (await enabledSkills(skills, config.skills.switches)).enabled;
    },
    warnings: [
      ...first.problems.map(formatSkillProblem),
      ...ignored,
      ...sharedNames(switched.enabled),
      ...(isUntrusted ? untrustedSkills(switched.enabled) : []),
    ],
  };
}

/** A skill of a project that is marked as untrusted: the model does not choose it by itself. */
function onlyWhenNamed(skill: Skill): Skill {
  return skill.scope === "repo" ? { ...skill, allowsImplicitUse: false } : skill;
}

function untrustedSkills(skills: readonly Skill[]): readonly string[] {
  const names = skills.filter(({ scope }) => scope === "repo").map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `The project is marked as untrusted: its skills (${names.join(", ")}) are used only when you name them, as in $${names[0]}.`,
  ];
}

/** What to say of names that do not tell which skill is meant. */
function sharedNames(skills: readonly Skill[]): readonly string[] {
  return [...nameCollisions(skills)].map(
    ([name, group]) =>
      `${group.length} skills are called ${name}, so $${name} picks none of them; name one by its file, as in [$${name}](${group[0]?.path}): ${group.map(({ path }) => path).join(", ")}`,
  );
}
