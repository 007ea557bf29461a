// `codex-ts hooks list` and `hooks test`: what is configured, and what an event would come to.
import { readFile } from "node:fs/promises";
import nodePath from "node:path";
import {
  type HookDiscovery,
  type HookEventName,
  hookEventNames,
  type HookRequest,
  isHookEventName,
  type ListedHook,
} from "@codex-ts/hooks";
import { defaultShell, systemShellLookups } from "@codex-ts/shell-command";
import { decodeInput } from "../exec/prompt.ts";
import { openConfig } from "../engine.ts";
import { Failure } from "../failure.ts";
import { findHooks, openHooks } from "../open-hooks.ts";
import type { ConfigFlags } from "../flags.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";

interface HooksInvocation {
  readonly config: ConfigFlags;
  readonly json: boolean;
}

export async function runHooksList(
  { config: flags, json }: HooksInvocation,
  terminal: Terminal,
): Promise<number> {
  const { discovery, isOn } = await discover(flags, terminal);
  if (json) {
    terminal.stdout(
      `${JSON.stringify({ enabled: isOn, hooks: discovery.listed, warnings: discovery.warnings })}\n`,
    );
    return 0;
  }
  if (!isOn) {
    terminal.stderr(
      "Hooks are switched off: run with --enable codex_hooks, or set codex_hooks = true below [features]\n",
    );
  }
  if (discovery.listed.length === 0) {
    terminal.stdout("No hooks are configured.\n");
    return 0;
  }
  for (const hook of discovery.listed) terminal.stdout(hookLines(hook));
  return 0;
}

function hookLines(hook: ListedHook): string {
  const { source } = hook;
  const matcher = hook.matcher === null ? "" : ` ${JSON.stringify(hook.matcher)}`;
  const place = source.line === null ? source.path : `${source.path}:${source.line}`;
  const reason = hook.reason === null ? "" : `: ${hook.reason}`;
  return [
    `${hook.event}${matcher}`,
    `  command  ${hook.command ?? "(none)"}`,
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
  const { discovery, env, cwd } = await discover(flags, terminal);
  const request = { ...defaultFacts(cwd), ...(await payload(input, terminal)) };
  const shell = await defaultShell(systemShellLookups(env));
  const hooks = openHooks(discovery, shell, env);
  if (hooks === null || !hooks.has(event)) {
    terminal.stderr(`No ${event} hook would run; see codex-ts hooks list\n`);
    return 0;
  }
  await using running = hooks;
  const outcome = await running.run(event, request as HookRequest<HookEventName>);
  if (json) {
    terminal.stdout(`${JSON.stringify(outcome)}\n`);
    return 0;
  }
  for (const run of outcome.runs) {
    terminal.stdout(`${run.status.padEnd(10)} ${run.source_path} (${run.duration_ms ?? 0} ms)\n`);
    for (const { kind, text } of run.entries) terminal.stdout(`  ${kind}: ${text}\n`);
  }
  const { runs: _runs, warnings, cancelled: _cancelled, ...result } = outcome;
  for (const warning of warnings) terminal.stdout(`warning: ${warning}\n`);
  terminal.stdout(`outcome: ${JSON.stringify(result)}\n`);
  return 0;
}

/** What a payload need not say. */
function defaultFacts(cwd: string): object {
  return {
    session_id: "test",
    turn_id: "test",
    transcript_path: null,
    cwd,
    model: "test",
    permission_mode: "default",
    source: "startup",
    prompt: "",
    tool_name: "Bash",
    tool_input: { command: "true" },
    tool_response: "",
    tool_use_id: "test",
    stop_hook_active: false,
    last_assistant_message: null,
  };
}

async function payload(input: string | undefined, terminal: Terminal): Promise<object> {
  if (input === undefined) return {};
  const file = input === "-" ? "standard input" : nodePath.resolve(terminal.cwd, input);
  try {
    const text =
      input === "-" ? decodeInput(await terminal.readStdin()) : await readFile(file, "utf8");
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new Failure(`the payload ${file} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
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
