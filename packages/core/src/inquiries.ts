// What a client asks of a thread beside its turns: prompts of earlier sessions, and skills.
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import type { EventMsg, SkillMetadata, SkillsListEntry } from "@codex-ts/protocol";
import { appendPrompt, readPrompt } from "@codex-ts/rollout";
import type { Skill } from "@codex-ts/skills";
import type { SkillListing } from "./thread-config.ts";
import type { ThreadResources } from "./thread-resources.ts";

/** Answers one after another, and without keeping the thread's ops waiting. */
export class Inquiries {
  readonly #thread: ThreadResources;
  #last: Promise<void> = Promise.resolve();

  constructor(thread: ThreadResources) {
    this.#thread = thread;
  }

  /** Keeps a prompt; says so where that is not possible. */
  addPrompt(opId: string, text: string): void {
    const { id, config, options } = this.#thread;
    const { persistence = "save-all", maxBytes } = config.promptHistory ?? {};
    if (persistence === "none") return;
    const ts = Math.floor((options.now?.() ?? new Date()).getTime() / 1000);
    this.#next(opId, async () => {
      await appendPrompt(options.codexHome, { conversation_id: id, ts, text }, { maxBytes });
      return null;
    });
  }

  findPrompt(opId: string, offset: number, logId: number): void {
    const { codexHome } = this.#thread.options;
    const response = { type: "get_history_entry_response", offset, log_id: logId } as const;
    this.#next(
      opId,
      async () => ({ ...response, entry: await readPrompt(codexHome, { logId, offset }) }),
      { ...response, entry: null },
    );
  }

  /** The skills of folders, by default of the one that the next turn is in. */
  listSkills(opId: string, cwds: readonly string[], own: AbsolutePath): void {
    const type = "list_skills_response";
    const answer = async (): Promise<EventMsg> => {
      const folders = cwds.length === 0 ? [own] : cwds.map((cwd) => resolve(cwd, own));
      const skills = await Promise.all(folders.map((folder) => this.#skillsIn(folder)));
      return { type, skills };
    };
    this.#next(opId, answer, { type, skills: [] });
  }

  /** Resolves when everything that was asked so far is answered. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** Who waits for an answer gets one: `none` where there is no other. */
  #next(opId: string, answer: () => Promise<EventMsg | null>, none: EventMsg | null = null): void {
    const { journal } = this.#thread;
    this.#last = this.#last.then(async () => {
      let event = none;
      try {
        event = await answer();
      } catch (error) {
        await journal.announce(opId, { type: "warning", message: (error as Error).message });
      }
      if (event !== null) await journal.announce(opId, event);
    });
  }

  async #skillsIn(cwd: AbsolutePath): Promise<SkillsListEntry> {
    const { skills, problems } = await this.#listing(cwd);
    return {
      cwd,
      skills: skills.map(({ skill, enabled }) => metadataOf(skill, enabled)),
      errors: problems
        .filter(({ severity }) => severity === "error")
        .map(({ path, line, message }) => ({
          path,
          message: line === null ? message : `line ${line}: ${message}`,
        })),
    };
  }

  async #listing(cwd: AbsolutePath): Promise<SkillListing> {
    const { listSkills, skills } = this.#thread.config;
    if (listSkills !== undefined) return listSkills(cwd);
    const enabled = (await skills?.(cwd)) ?? [];
    return { skills: enabled.map((skill) => ({ skill, enabled: true })), problems: [] };
  }
}

function metadataOf(skill: Skill, enabled: boolean): SkillMetadata {
  const { name, description, shortDescription, path, scope, tools } = skill;
  return {
    name,
    description,
    ...(shortDescription === undefined ? {} : { short_description: shortDescription }),
    ...(skill.interface === undefined ? {} : { interface: interfaceOf(skill.interface) }),
    ...(tools.length === 0 ? {} : { dependencies: { tools } }),
    path,
    scope,
    enabled,
  };
}

function interfaceOf(
  shown: NonNullable<Skill["interface"]>,
): NonNullable<SkillMetadata["interface"]> {
  const { displayName, shortDescription, iconSmall, iconLarge, brandColor, defaultPrompt } = shown;
  return {
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(shortDescription === undefined ? {} : { short_description: shortDescription }),
    ...(iconSmall === undefined ? {} : { icon_small: iconSmall }),
    ...(iconLarge === undefined ? {} : { icon_large: iconLarge }),
    ...(brandColor === undefined ? {} : { brand_color: brandColor }),
    ...(defaultPrompt === undefined ? {} : { default_prompt: defaultPrompt }),
  };
}
