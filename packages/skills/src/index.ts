export { type LoadSkillsOptions, type LoadedSkills, loadSkills } from "./load-skills.ts";
export {
  type InjectSkillsOptions,
  type SkillInjections,
  defaultInjectedBytes,
  injectSkills,
  renderSkillItem,
} from "./skill-injection.ts";
export {
  type SelectSkillsOptions,
  type SkillMentions,
  findSkillMentions,
  selectSkills,
} from "./skill-mentions.ts";
export { type SkillRootOptions, skillRoots } from "./skill-roots.ts";
export { type SkillSwitch, enabledSkills, nameCollisions } from "./skill-switches.ts";
export { type SkillUse, implicitSkillUse } from "./skill-use.ts";
export {
  type Skill,
  type SkillInterface,
  type SkillProblem,
  type SkillRoot,
  type SkillScope,
  type SkillToolDependency,
  formatSkillProblem,
} from "./skill.ts";
export { renderSkillsSection } from "./skills-section.ts";
