// `codex-ts hooks list` and `hooks test`: what is configured, and what an event would come to.
import { readFile } from "node:fs/promises";
import nodePath from "node:path";
import {
  type HookDiscovery,
  HookError,
  type HookEventName,
  type HookInput,
  hookEventNames,
  isHookEventName,
  type ListedHook,
} from "@codex-ts/hooks";
import { defaultShell, systemShellLookups } from "@codex-ts/shell-command";
import { decodeInput } from "../exec/prompt.ts";
import { onStopSignals } from "../exec/stop-signals.ts";
import { openConfig } from "../open-config.ts";
import { Failure } from "../failure.ts";
import { findHooks, openHooks } from "../open-hooks.ts";
import type { ConfigFlags } from "../flags.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";
import { outcomeLines, runLines } from "./hook-outcome.ts";

interface HooksInvocation {
  readonly config: ConfigFlags;
  readonly json: boolean;
}

export async function runHooksList(
  { config: flags, json }: HooksInvocation,
  terminal: Terminal,
): Promise<number> {
  const { discovery, isOn } = await discover(flags, terminal);
  const { listed, warnings } = discovery;
  if (json) {
    terminal.stdout(`${JSON.stringify({ enabled: isOn, hooks: listed, warnings })}\n`);
    return 0;
  }
  if (!isOn) terminal.stderr(switchedOff);
  terminal.stdout(
    listed.length === 0 ? "No hooks are configured.\n" : listed.map(hookLines).join(""),
  );
  // What no listed hook tells: a file that cannot be read.
  const told = listed.flatMap(({ source, reason }) => (reason === null ? [] : [source.path]));
  for (const warning of warnings) {
    if (!told.some((path) => warning.includes(path))) terminal.stderr(`warning: ${warning}\n`);
  }
  return 0;
}

const switchedOff =
  "Hooks are switched off: run with --enable codex_hooks, or set codex_hooks = true below [features]\n";

function hookLines(hook: ListedHook): string {
  const { source } = hook;
  const matcher = hook.matcher === null ? "" : ` ${JSON.stringify(hook.matcher)}`;
  const place = source.line === null ? source.path : `${source.path}:${source.line}`;
  const reason = hook.reason === null ? "" : `: ${hook.reason}`;
  return [
    `${hook.event}${matcher}`,
    ...(hook.command === null ? [] : [`  command  ${hook.command}`]),
    `  from     ${place} (${source.layer})`,
    `  state    ${hook.state}${reason}`,
    "",
  ].join("\n");
}

/** Runs the hooks of one event on a payload, and prints what came of it. */
export async function runHooksTest(
  {
    config: flags,
    json,
    event,
    input,
  }: HooksInvocation & { readonly event: string; readonly input: string | undefined },
  terminal: Terminal,
): Promise<number> {
  if (!isHookEventName(event)) {
    throw new Failure(
      `there is no hook event ${JSON.stringify(event)}; the events are ${hookEventNames.join(", ")}`,
      { exitCode: 2 },
    );
  }
  const { discovery, env, cwd, isOn } = await discover(flags, terminal);
  const request = await readRequest(event, input, cwd, terminal);
  const shell = await defaultShell(systemShellLookups(env));
  await using hooks = openHooks(discovery, shell, env);
  const controller = new AbortController();
  const running = hooks.run(event, request, { signal: controller.signal });
  const signals = onStopSignals({
    async stop() {
      controller.abort();
      await running;
    },
  });
  const outcome = await running;
  signals.turnIsOver();
  if (json) {
    terminal.stdout(`${JSON.stringify(outcome)}\n`);
  } else if (outcome.runs.length === 0 && signals.exitCode === null) {
    if (!isOn) terminal.stderr(switchedOff);
    terminal.stderr(`No ${event} hook is for this payload; see codex-ts hooks list\n`);
  } else {
    if (!isOn) terminal.stderr(switchedOff);
    for (const run of outcome.runs) {
      terminal.stdout(runLines(run, hooks.handlers[run.display_order]));
    }
    terminal.stdout(outcomeLines(event, outcome));
  }
  return signals.exitCode ?? 0;
}

/** The payload: what the file says, and made-up values for what it leaves out. */
async function readRequest(
  event: HookEventName,
  input: string | undefined,
  cwd: string,
  terminal: Terminal,
): Promise<HookInput> {
  const { parseHookInput } = await import("@codex-ts/hooks/schemas");
  const given = input === undefined ? {} : await readPayload(input, terminal);
  try {
    return parseHookInput(event, { ...sessionFacts(cwd), ...eventFacts[event], ...given });
  } catch (error) {
    if (!(error instanceof HookError)) throw error;
    throw new Failure(error.message, { cause: error });
  }
}

function sessionFacts(cwd: string): object {
  return {
    session_id: "test",
    transcript_path: null,
    cwd,
    model: "test",
    permission_mode: "default",
  };
}

const turn = { turn_id: "test" };
const call = {
  ...turn,
  tool_name: "Bash",
  tool_input: { command: "true" },
  tool_use_id: "test",
};

const eventFacts: Readonly<Record<HookEventName, object>> = {
  PreToolUse: call,
  PostToolUse: { ...call, tool_response: "" },
  SessionStart: { source: "startup" },
  UserPromptSubmit: { ...turn, prompt: "" },
  Stop: { ...turn, stop_hook_active: false, last_assistant_message: null },
};

async function readPayload(input: string, terminal: Terminal): Promise<object> {
  const file = input === "-" ? "standard input" : nodePath.resolve(terminal.cwd, input);
  let value: unknown;
  try {
    const text =
      input === "-" ? decodeInput(await terminal.readStdin()) : await readFile(file, "utf8");
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure(`the payload ${file} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Failure(`the payload ${file} is not a JSON object`);
}

async function discover(
  flags: ConfigFlags,
  terminal: Terminal,
): Promise<{
  readonly discovery: HookDiscovery;
  readonly env: Terminal["env"];
  readonly cwd: string;
  readonly isOn: boolean;
}> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  const { loaded, env } = await openConfig(flags, terminal, cwd);
  return {
    discovery: await findHooks(loaded, env),
    env,
    cwd,
    isOn: loaded.config.features.enabled("codex_hooks"),
  };
}
