// The messages that tell the model its circumstances: all of them at first, later what changed.
import { isDeepStrictEqual } from "node:util";
import type { MessageItem, TurnContextItem } from "@codex-ts/protocol";
import { developerMessage, userMessage } from "@codex-ts/protocol";
import { environmentContext } from "./environment-context.ts";
import type { PreviousTurnSettings } from "./history.ts";
import { permissionsText } from "./permissions-text.ts";
import { collaborationModeOf, type TurnContext } from "./turn-context.ts";

export interface ContextSources {
  readonly turn: TurnContext;
  /** The shell's name: `bash`. */
  readonly shellName: string;
  readonly writableRoots: readonly string[];
  readonly previousTurn: PreviousTurnSettings | null;
}

/** The items to record before a turn's user message; none when the model knows everything. */
export function contextUpdates(
  sources: ContextSources,
  reference: TurnContextItem | null,
): readonly MessageItem[] {
  return reference === null ? fullContext(sources) : changedContext(sources, reference);
}

/** Everything that the model is told of its circumstances. */
export function fullContext(sources: ContextSources): readonly MessageItem[] {
  const { turn } = sources;
  const sections = [
    modelSwitch(sources),
    permissions(sources),
    turn.developerInstructions,
    collaborationMode(sources),
  ].filter((section) => section !== null);
  const instructions =
    turn.userInstructions === null
      ? []
      : [
          `# AGENTS.md instructions for ${turn.settings.cwd}\n\n<INSTRUCTIONS>\n${turn.userInstructions}\n</INSTRUCTIONS>`,
        ];
  return [
    developerMessage(...sections),
    userMessage(...instructions, environment(sources, turn.settings.cwd)),
  ];
}

function changedContext(
  sources: ContextSources,
  reference: TurnContextItem,
): readonly MessageItem[] {
  const { turn } = sources;
  const { settings } = turn;
  const permissionsChanged = !isDeepStrictEqual(
    [
      normalizedSandbox(reference.sandbox_policy),
      reference.approval_policy,
      reference.approvals_reviewer ?? "user",
    ],
    [
      normalizedSandbox(settings.sandboxPolicy),
      settings.approvalPolicy,
      settings.approvalsReviewer,
    ],
  );
  const modeChanged = !isDeepStrictEqual(
    reference.collaboration_mode ?? null,
    collaborationModeOf(settings),
  );
  const sections = [
    modelSwitch(sources),
    permissionsChanged ? permissions(sources) : null,
    modeChanged ? collaborationMode(sources) : null,
  ].filter((section) => section !== null);

  const cwdChanged = reference.cwd !== settings.cwd;
  const environmentChanged =
    cwdChanged ||
    (reference.current_date !== undefined && reference.current_date !== turn.currentDate) ||
    (reference.timezone !== undefined && reference.timezone !== turn.timezone);
  return [
    ...(sections.length === 0 ? [] : [developerMessage(...sections)]),
    ...(environmentChanged
      ? [userMessage(environment(sources, cwdChanged ? settings.cwd : undefined))]
      : []),
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

function permissions(sources: ContextSources): string {
  const { settings } = sources.turn;
  return permissionsText(settings.sandboxPolicy, settings.approvalPolicy, sources.writableRoots);
}

function modelSwitch(sources: ContextSources): string | null {
  const { turn, previousTurn } = sources;
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

function collaborationMode(sources: ContextSources): string | null {
  const instructions = collaborationModeOf(sources.turn.settings).settings.developer_instructions;
  if (instructions === null || instructions.trim() === "") return null;
  return `<collaboration_mode>${instructions}</collaboration_mode>`;
}

function environment(sources: ContextSources, cwd: string | undefined): string {
  return environmentContext({
    cwd,
    shell: sources.shellName,
    currentDate: sources.turn.currentDate,
    timezone: sources.turn.timezone,
  });
}
