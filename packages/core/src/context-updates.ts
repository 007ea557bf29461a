// The messages that tell the model its circumstances: all of them at first, later what changed.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { MessageItem, Personality, TurnContextItem } from "@codex-ts/protocol";
import { developerMessage, userMessage } from "@codex-ts/protocol";
import { renderSkillsSection } from "@codex-ts/skills";
import { environmentContext } from "./environment-context.ts";
import type { PreviousTurnSettings } from "./history.ts";
import { permissionsText } from "./permissions-text.ts";
import { friendlyPersonality, plainPersonality } from "./prompts/personality.ts";
import { collaborationModeOf, type TurnContext, turnContextItem } from "./turn-context.ts";
import type { FileAccess } from "./turn-sandbox.ts";

export interface ContextSources {
  readonly turn: TurnContext;
  /** The shell's name: `bash`. */
  readonly shellName: string;
  readonly fileAccess: FileAccess;
  /** The beginnings of commands that rules let run outside the sandbox, one a line; else empty. */
  readonly allowedPrefixes: string;
  /** The tone that is asked for; undefined where tones are switched off. */
  readonly personality: Personality | undefined;
  readonly previousTurn: PreviousTurnSettings | null;
}

/** What the model is told before a turn's message, and what it knows from then on. */
export interface ContextUpdate {
  readonly items: readonly MessageItem[];
  readonly reference: TurnContextItem;
}

/** A part of the context that is told again, whole, when its text is no longer what was told. */
interface Section {
  readonly name: string;
  readonly role: "developer" | "user";
  /** What counts as its text when it is compared; null when there is none. */
  readonly text: string | null;
  /** The text as the model reads it; the text itself by default. */
  readonly told?: string;
  /** What is told when the text is gone; nothing by default. */
  readonly withdrawal?: string;
  /** For a session file that does not say what was told: whether it was something else. */
  readonly differs: (reference: TurnContextItem) => boolean;
}

/** The items to record before a turn's message; none when the model knows everything. */
export function contextUpdates(
  sources: ContextSources,
  reference: TurnContextItem | null,
): ContextUpdate {
  return reference === null ? fullContext(sources) : changedContext(sources, reference);
}

/** Everything that the model is told of its circumstances. */
export function fullContext(sources: ContextSources): ContextUpdate {
  const { turn } = sources;
  const sections = sectionsOf(sources);
  const present = sections.filter(({ text }) => text !== null);
  return {
    items: messages(
      [modelSwitch(sources), ...tellAll(present, "developer")],
      [...tellAll(present, "user"), environment(sources, turn.settings.cwd)],
    ),
    reference: referenceOf(turn, sections, () => true),
  };
}

function changedContext(sources: ContextSources, reference: TurnContextItem): ContextUpdate {
  const sections = sectionsOf(sources);
  const isNews = ({ name, text, differs }: Section): boolean =>
    reference.told_sections === undefined
      ? differs(reference)
      : hashOf(text) !== reference.told_sections[name];
  const news = sections.filter(isNews);
  return {
    items: messages(
      [modelSwitch(sources), ...tellAll(news, "developer")],
      [...tellAll(news, "user"), changedEnvironment(sources, reference)],
    ),
    reference: referenceOf(sources.turn, sections, isNews),
  };
}

/** In the order in which the model reads them. */
function sectionsOf(sources: ContextSources): readonly Section[] {
  const { turn } = sources;
  const { settings } = turn;
  return [
    {
      name: "permissions",
      role: "developer",
      text: permissionsText(settings, sources.fileAccess),
      differs: (reference) =>
        !isDeepStrictEqual(permissionsOf(reference), currentPermissions(turn)),
    },
    {
      name: "allowed_commands",
      role: "developer",
      text: allowedCommands(sources.allowedPrefixes),
      withdrawal: "<allowed_commands>\nNo rule allows commands any more.\n</allowed_commands>",
      // A session file that does not say what was told is another program's: it told them itself.
      differs: () => false,
    },
    {
      name: "developer_instructions",
      role: "developer",
      text: turn.developerInstructions,
      differs: (reference) =>
        reference.developer_instructions !== undefined &&
        reference.developer_instructions !== turn.developerInstructions,
    },
    {
      name: "collaboration_mode",
      role: "developer",
      text: collaborationMode(turn),
      differs: (reference) =>
        !isDeepStrictEqual(reference.collaboration_mode ?? null, collaborationModeOf(settings)),
    },
    {
      name: "personality",
      role: "developer",
      text: sources.personality === "friendly" ? personalitySpec(friendlyPersonality) : null,
      withdrawal: personalitySpec(plainPersonality),
      differs: (reference) =>
        sources.personality !== undefined &&
        reference.personality !== undefined &&
        reference.personality !== sources.personality,
    },
    {
      name: "skills",
      role: "developer",
      text: renderSkillsSection(turn.skills),
      withdrawal: "<skills_instructions>\nThere are no skills any more.\n</skills_instructions>",
      // A session file that does not say what was told is another program's: it told them itself.
      differs: () => false,
    },
    {
      name: "agents_md",
      role: "user",
      text: turn.userInstructions,
      told: agentsMd(turn, turn.userInstructions ?? ""),
      withdrawal: agentsMd(turn, "(There are none here; earlier ones no longer apply.)"),
      differs: (reference) =>
        reference.user_instructions !== undefined &&
        reference.user_instructions !== turn.userInstructions,
    },
  ];
}

function tellAll(sections: readonly Section[], role: Section["role"]): readonly (string | null)[] {
  return sections
    .filter((section) => section.role === role)
    .map(({ text, told, withdrawal }) => (text === null ? (withdrawal ?? null) : (told ?? text)));
}

function messages(
  developer: readonly (string | null)[],
  user: readonly (string | null)[],
): readonly MessageItem[] {
  const toDeveloper = developer.filter((part) => part !== null);
  const toUser = user.filter((part) => part !== null);
  return [
    ...(toDeveloper.length === 0 ? [] : [developerMessage(...toDeveloper)]),
    ...(toUser.length === 0 ? [] : [userMessage(...toUser)]),
  ];
}

/** Instructions are long: they are written out when they are told, and known by their hash later. */
function referenceOf(
  turn: TurnContext,
  sections: readonly Section[],
  isTold: (section: Section) => boolean,
): TurnContextItem {
  const hashes = sections.flatMap(({ name, text }) => {
    const hash = hashOf(text);
    return hash === undefined ? [] : [[name, hash] as const];
  });
  const told = new Set(sections.filter(isTold).map(({ name }) => name));
  return {
    ...turnContextItem({
      ...turn,
      userInstructions: told.has("agents_md") ? turn.userInstructions : null,
      developerInstructions: told.has("developer_instructions") ? turn.developerInstructions : null,
    }),
    told_sections: Object.fromEntries(hashes),
  };
}

function hashOf(text: string | null): string | undefined {
  if (text === null) return undefined;
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function permissionsOf(reference: TurnContextItem): unknown {
  return [
    normalizedSandbox(reference.sandbox_policy),
    reference.approval_policy,
    reference.approvals_reviewer ?? "user",
  ];
}

function currentPermissions({ settings }: TurnContext): unknown {
  return [
    normalizedSandbox(settings.sandboxPolicy),
    settings.approvalPolicy,
    settings.approvalsReviewer,
  ];
}

/** Policies that differ only in defaults that one of them spells out are the same policy. */
function normalizedSandbox(policy: TurnContextItem["sandbox_policy"]): unknown {
  switch (policy.type) {
    case "danger-full-access":
      return policy;
    case "external-sandbox":
      return { ...policy, network_access: policy.network_access ?? "restricted" };
    case "read-only":
      return {
        ...policy,
        access: policy.access ?? { type: "full-access" },
        network_access: policy.network_access ?? false,
      };
    case "workspace-write":
      return {
        type: policy.type,
        writable_roots: policy.writable_roots ?? [],
        read_only_access: policy.read_only_access ?? { type: "full-access" },
        network_access: policy.network_access ?? false,
        exclude_tmpdir_env_var: policy.exclude_tmpdir_env_var ?? false,
        exclude_slash_tmp: policy.exclude_slash_tmp ?? false,
      };
  }
}

function modelSwitch({ turn, previousTurn }: ContextSources): string | null {
  if (previousTurn === null || previousTurn.model === turn.settings.model) return null;
  if (turn.model.base_instructions === "") return null;
  return [
    "<model_switch>",
    "Until now another model worked on this thread; you take over from here. Follow these instructions from now on, also where earlier messages did otherwise.",
    "",
    turn.model.base_instructions,
    "</model_switch>",
  ].join("\n");
}

function allowedCommands(prefixes: string): string | null {
  if (prefixes === "") return null;
  return [
    "<allowed_commands>",
    "Commands that begin with these words run unasked and outside the sandbox:",
    prefixes,
    "</allowed_commands>",
  ].join("\n");
}

function collaborationMode(turn: TurnContext): string | null {
  const instructions = collaborationModeOf(turn.settings).settings.developer_instructions;
  if (instructions === null || instructions.trim() === "") return null;
  return `<collaboration_mode>${instructions}</collaboration_mode>`;
}

function personalitySpec(text: string): string {
  return `<personality_spec>\n${text}\n</personality_spec>`;
}

function agentsMd(turn: TurnContext, text: string): string {
  return `# AGENTS.md instructions for ${turn.settings.cwd}\n\n<INSTRUCTIONS>\n${text}\n</INSTRUCTIONS>`;
}

function changedEnvironment(sources: ContextSources, reference: TurnContextItem): string | null {
  const { turn } = sources;
  const cwdChanged = reference.cwd !== turn.settings.cwd;
  const isChanged =
    cwdChanged ||
    (reference.current_date !== undefined && reference.current_date !== turn.currentDate) ||
    (reference.timezone !== undefined && reference.timezone !== turn.timezone);
  return isChanged ? environment(sources, cwdChanged ? turn.settings.cwd : undefined) : null;
}

function environment(sources: ContextSources, cwd: string | undefined): string {
  return environmentContext({
    cwd,
    shell: sources.shellName,
    currentDate: sources.turn.currentDate,
    timezone: sources.turn.timezone,
  });
}
