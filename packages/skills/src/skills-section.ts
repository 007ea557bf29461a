// The list of skills that the model is given.
import { sep } from "node:path";
import type { Skill } from "./skill.ts";

const introduction = `## Skills
A skill is a folder of instructions, often with scripts and other files, made for one kind of task. Its \`SKILL.md\` says how to do that task. These are the skills of this session:`;

const rules = `### How to use skills
- The list above is all there is in this session; each line has the skill's name, what it is for, and the path of its file.
- Use a skill when the user names it (as \`$Name\` or in plain words), or when the task is clearly what its description is for. If several fit, use the smallest set that covers the task, and say in which order.
- A skill counts for the turn in which it was called for. Do not carry it over to later turns unless it is named again.
- If a named skill is not in the list, or its file cannot be read, say so in a few words and go on in the best other way.
- Once you have chosen a skill, say in one line which and why. Then open its \`SKILL.md\` and read no further than the task needs.
- Relative paths in a skill are seen from the folder of its \`SKILL.md\`.
- When it points to other files, open only those that you need now, not a whole folder of them.
- Where a skill brings scripts, run or adapt them instead of writing the code anew; where it brings templates and assets, use them.
- Keep the context small: sum up long passages instead of quoting them, and of several variants read the one that fits.
- If the instructions are unclear or do not fit the case, say what is missing, choose the next best way, and continue.`;

/**
 * The section for the developer message: the skills (those that are on) which the model may choose by
 * itself, and the rules; null when there are none.
 */
export function renderSkillsSection(skills: readonly Skill[]): string | null {
  const listed = skills.filter((skill) => skill.allowsImplicitUse);
  if (listed.length === 0) return null;
  const lines = listed.map(
    ({ name, description, path }) =>
      `- ${plain(name)}: ${plain(description)} (file: ${path.split(sep).join("/")})`,
  );
  return `<skills_instructions>\n${introduction}\n${lines.join("\n")}\n${rules}\n</skills_instructions>`;
}

/** Without the section's own tags: a description must not end the section. */
function plain(text: string): string {
  return text.replace(/<\/?skills_instructions>/gi, "");
}
