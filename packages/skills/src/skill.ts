import type { AbsolutePath } from "@codex-ts/absolute-path";

/** Whose skill it is; lists are sorted in this order. */
export type SkillScope = "repo" | "user" | "system" | "admin";

/** A folder below which skills lie. */
export interface SkillRoot {
  readonly path: AbsolutePath;
  readonly scope: SkillScope;
  /** The plugin that brings the folder; its skills are named `<plugin>:<name>`. */
  readonly plugin?: string | undefined;
}

/** How a front end may show a skill. */
export interface SkillInterface {
  readonly displayName?: string;
  readonly shortDescription?: string;
  readonly iconSmall?: AbsolutePath;
  readonly iconLarge?: AbsolutePath;
  /** `#RRGGBB`. */
  readonly brandColor?: string;
  /** What to put into the composer when the skill is picked. */
  readonly defaultPrompt?: string;
}

/** A tool that a skill needs. */
export interface SkillToolDependency {
  /** Such as `mcp`. */
  readonly type: string;
  /** The tool's or the server's name. */
  readonly value: string;
  readonly description?: string;
  readonly transport?: string;
  readonly command?: string;
  readonly url?: string;
}

/** A skill: instructions that the model reads when it needs them. */
export interface Skill {
  /** As its front matter has it, behind `<plugin>:` where a plugin brings it. */
  readonly name: string;
  /** When to use it; what the model chooses by. */
  readonly description: string;
  readonly shortDescription?: string;
  /** The `SKILL.md` file, free of symbolic links. */
  readonly path: AbsolutePath;
  /** The folder that holds it. */
  readonly folder: AbsolutePath;
  readonly scope: SkillScope;
  readonly interface?: SkillInterface;
  readonly tools: readonly SkillToolDependency[];
  /** Whether the model may choose the skill by itself, without being told to. */
  readonly allowsImplicitUse: boolean;
  /** Products that the skill is meant for; empty means all. */
  readonly products: readonly string[];
}

/** What is wrong with a file: an error costs the skill, a warning does not. */
export interface SkillProblem {
  readonly severity: "error" | "warning";
  readonly path: AbsolutePath;
  /** Counted from 1; null when the file as a whole is at fault. */
  readonly line: number | null;
  /** Says what is wrong and what is allowed; names neither file nor line. */
  readonly message: string;
}

/** A problem as one line for people: `FILE:LINE: message`. */
export function formatSkillProblem(problem: SkillProblem): string {
  const line = problem.line === null ? "" : `:${problem.line}`;
  return `${problem.path}${line}: ${problem.message}`;
}
