// The skills of a run: found below the folders that the configuration knows of, less those switched off.
import { type AbsolutePath, fromAbsolute } from "@codex-ts/absolute-path";
import { findProjectRoot, type LoadedConfig } from "@codex-ts/config";
import {
  enabledSkills,
  formatSkillProblem,
  loadSkills,
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
  const home = env["HOME"] ?? env["USERPROFILE"];
  const load = async (cwd: AbsolutePath) =>
    await loadSkills(
      skillRoots({
        projectLayers,
        codexHome: config.codexHome,
        home: home === undefined ? undefined : fromAbsolute(home),
        systemFolder: process.platform === "win32" ? undefined : fromAbsolute("/etc/codex"),
        bundled: config.skills.bundledEnabled,
        cwd,
        projectRoot: await findProjectRoot(cwd, config.projectRootMarkers),
      }),
    );
  const first = await load(config.cwd);
  // What was just read serves the first turn; later ones look again.
  let justRead: Awaited<ReturnType<typeof load>> | null = first;
  const ignored = (await enabledSkills(first.skills, config.skills.switches)).ignored.map(
    ({ path, name }) =>
      `an entry of skills.config names ${path === undefined && name === undefined ? "no skill" : `both a path (${path}) and a name (${name})`}; give one of the two`,
  );
  return {
    inFolder: async (cwd) => {
      const { skills } = cwd === config.cwd && justRead !== null ? justRead : await load(cwd);
      justRead = null;
      return (await enabledSkills(skills, config.skills.switches)).enabled;
    },
    warnings: [...first.problems.map(formatSkillProblem), ...ignored],
  };
}
