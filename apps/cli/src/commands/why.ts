// `codex-ts why -- COMMAND`: what would become of a command, and which layer, rule, file and line say so.
import { type ConfigOrigin, formatOrigin, type LoadedConfig } from "@codex-ts/config";
import { defaultShell, joinWords, systemShellLookups } from "@codex-ts/shell-command";
import {
  childEnvironment,
  type CommandExplanation,
  createSessionGrants,
  type DecisionContext,
  type DecisionStep,
  explainCommand,
} from "@codex-ts/tools";
import { compileMatcher } from "@codex-ts/hooks";
import { commandEnvironment } from "../command-environment.ts";
import { openConfig } from "../open-config.ts";
import type { ConfigFlags } from "../flags.ts";
import { findHooks } from "../open-hooks.ts";
import { openRules } from "../open-rules.ts";
import type { ApprovalPolicyName } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";

export interface WhyInvocation {
  readonly config: ConfigFlags;
  readonly json: boolean;
  /** As if the model had asked for the command to run outside the sandbox. */
  readonly escalated: boolean;
  readonly approvalPolicy: ApprovalPolicyName | undefined;
  readonly words: readonly string[];
}

/** What `--json` prints. */
export interface WhyReport extends CommandExplanation {
  readonly schema: 1;
  /** The same in `codex-ts exec`, which never asks. */
  readonly inExec: Pick<CommandExplanation, "outcome" | "where" | "reason">;
}

/** Explains a command. One word is a script, several are a command line. Runs and writes nothing. */
export async function runWhy(invocation: WhyInvocation, terminal: Terminal): Promise<number> {
  const report = await why(invocation, terminal);
  terminal.stdout(
    invocation.json ? `${JSON.stringify(report)}\n` : reportText(report, terminal.env["HOME"]),
  );
  return 0;
}

async function why(
  { config: flags, escalated, approvalPolicy, words }: WhyInvocation,
  terminal: Terminal,
): Promise<WhyReport> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  const { loaded, config, env } = await openConfig(flags, terminal, cwd, { approvalPolicy });
  const [only = "", ...others] = words;
  const args = {
    cmd: others.length === 0 ? only : joinWords(words),
    ...(escalated ? { sandbox_permissions: "require_escalated" } : {}),
  };
  const options = {
    rules: await openRules(loaded),
    allowLoginShell: config.allowLoginShell,
    additionalPermissions: config.features.enabled("exec_permission_approvals"),
    approveInside: false,
  };
  const context: DecisionContext = {
    cwd: config.cwd,
    approvalPolicy: config.approvalPolicy,
    sandboxPolicy: config.sandboxPolicy,
    fileSystem: config.permissions?.fileSystem,
    network: config.permissions?.network,
    shell: await defaultShell(systemShellLookups(env)),
    allowLoginShell: config.allowLoginShell,
    childEnv: childEnvironment(config.shellEnvironmentPolicy, commandEnvironment(env)),
    grants: createSessionGrants().forTurn(),
  };
  const { signal } = new AbortController();
  const explained = await explainCommand(args, options, context, signal);
  const silent = { ...context, approvalPolicy: "never" } as const;
  const { outcome, where, reason } = await explainCommand(args, options, silent, signal);
  const placed = placeSteps(explained, loaded);
  const hooks = await hookSteps(loaded, env);
  return {
    schema: 1,
    ...placed,
    steps: [...placed.steps, ...hooks],
    inExec: { outcome, where, reason },
  };
}

/** Says of the steps that are settings where they were set. */
function placeSteps(explained: CommandExplanation, loaded: LoadedConfig): CommandExplanation {
  const origins: Partial<Record<DecisionStep["layer"], ConfigOrigin | undefined>> = {
    approval_policy: loaded.originOf("approval_policy"),
    sandbox_policy: loaded.originOf(
      loaded.config.permissions === undefined ? "sandbox_mode" : "default_permissions",
    ),
  };
  const place = (step: DecisionStep): DecisionStep => {
    if (!(step.layer in origins)) return step;
    const origin = origins[step.layer];
    return {
      ...step,
      rule:
        step.layer === "sandbox_policy"
          ? (loaded.config.permissions?.name ?? step.rule)
          : step.rule,
      file: origin?.path ?? null,
      line: origin?.line ?? null,
      text: `${step.text} (${origin === undefined ? "the default" : formatOrigin(origin)})`,
    };
  };
  return {
    ...explained,
    steps: explained.steps.map(place),
    decidedBy: explained.decidedBy.map(place),
  };
}

/** The hooks that are asked before a command runs. What they say is only known by running them. */
async function hookSteps(
  loaded: LoadedConfig,
  env: Terminal["env"],
): Promise<readonly DecisionStep[]> {
  if (!loaded.config.features.enabled("codex_hooks")) return [];
  const { listed } = await findHooks(loaded, env);
  return listed
    .filter(
      ({ event, state, matcher }) =>
        event === "PreToolUse" &&
        state === "runs" &&
        ["Bash", "exec_command"].some(compileMatcher(matcher)),
    )
    .map(({ command, matcher, source }) => ({
      layer: "hooks",
      vote: "none",
      command: null,
      rule: matcher ?? "*",
      file: source.path,
      line: source.line,
      text: `would be asked first, and may refuse: ${command ?? "a hook"}`,
    }));
}

function reportText(report: WhyReport, home: string | undefined): string {
  const { argv, cwd, outcome, reason, where, steps, decidedBy, inExec, amendment } = report;
  const short = (path: string): string =>
    home !== undefined && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
  const placeOf = ({ file, line }: DecisionStep): string =>
    file === null ? "" : `  ${short(file)}${line === null ? "" : `:${line}`}`;
  const stepText = (step: DecisionStep): string => {
    const about = step.command === null ? "" : `${step.command}: `;
    return `${step.layer.padEnd(16)}${step.vote.padEnd(8)}${about}${step.text}, ${step.rule}${placeOf(step)}`;
  };
  const isElse = inExec.outcome !== outcome;
  return [
    `${outcomes[outcome]}${reason === null ? "" : `: ${reason}`}`,
    "",
    ...(argv.length === 0 ? [] : [`command         ${joinWords(argv)}`]),
    `folder          ${short(cwd)}`,
    `runs            ${places[where ?? "never"]}`,
    "",
    "What each layer says:",
    ...steps.map((step) => `  ${stepText(step)}`),
    "",
    "Decided by:",
    ...decidedBy.map((step) => `  ${stepText(step)}`),
    ...(amendment === null
      ? []
      : [
          "",
          `May be allowed for good as: ${JSON.stringify(amendment.general ?? amendment.prefix)}`,
        ]),
    ...(isElse ? ["", `codex-ts exec never asks: there it is ${inExec.outcome}.`] : []),
    "",
  ].join("\n");
}

const outcomes = {
  run: "It runs unasked",
  ask: "Somebody is asked first",
  forbidden: "It is refused",
} as const;

const places = {
  sandboxed: "in the sandbox (codex-ts sandbox probe says what that is here)",
  unconfined: "outside the sandbox",
  applied: "as a patch, without a process",
  never: "never",
} as const;
