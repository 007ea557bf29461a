// `codex-ts doctor`: looks at everything that a run needs, and says how to mend what is amiss.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { painter, wantsColor } from "../colors.ts";
import {
  type Check,
  machineChecks,
  type Patient,
  settingsChecks,
  unusableSettings,
} from "../doctor/checks.ts";
import { failed, type Finding, type FindingState, warning } from "../doctor/finding.ts";
import { secretSieve } from "../doctor/redact.ts";
import { openTransport } from "../engine.ts";
import { onStopSignals } from "../exec/stop-signals.ts";
import type { ConfigFlags } from "../flags.ts";
import { openConfig, openDefaults } from "../open-config.ts";
import type { Terminal } from "../terminal.ts";
import { version } from "../version.ts";
import { workingFolder } from "../working-folder.ts";

export interface DoctorInvocation {
  readonly config: ConfigFlags;
  readonly json: boolean;
}

/** What `--json` prints. */
export interface DoctorReport {
  readonly schema: 1;
  readonly version: string;
  /** The worst state of all checks. */
  readonly state: FindingState;
  readonly checks: readonly ({ readonly name: string } & Finding)[];
}

/** A check that takes longer has failed. */
const checkTimeoutMs = 5000;

interface Pending {
  readonly name: string;
  readonly finding: Promise<Finding>;
}

/** Prints each finding as soon as those before it are there. The exit code is 1 when a check has failed. */
export async function runDoctor(
  { config: flags, json }: DoctorInvocation,
  terminal: Terminal,
): Promise<number> {
  const stop = new AbortController();
  const signals = onStopSignals({ stop: async () => stop.abort() });
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  const { patient, fault } = await openPatient(flags, terminal, cwd);
  await using _transport = patient?.transport;
  const machine = { env: terminal.env, cwd };
  const sieve = secretSieve(patient?.env ?? terminal.env);
  const show = humanLines(terminal);
  const found: ({ readonly name: string } & Finding)[] = [];
  for (const { name, finding } of startChecks({ patient, fault }, machine, stop.signal)) {
    const shown = redacted(await finding, sieve);
    if (stop.signal.aborted) break;
    found.push({ name, ...shown });
    if (!json) terminal.stdout(show(name, shown));
  }
  signals.turnIsOver();
  if (signals.exitCode !== null) return signals.exitCode;
  const state = worst(found.map((one) => one.state));
  if (json) {
    const report: DoctorReport = { schema: 1, version, state, checks: found };
    terminal.stdout(`${JSON.stringify(report)}\n`);
  } else {
    terminal.stdout(`\n${closing(found)}\n`);
  }
  return state === "failed" ? 1 : 0;
}

interface Opened {
  readonly patient: Patient | null;
  /** Why there are no settings to look at, not even defaults. */
  readonly fault: Error | null;
}

async function openPatient(
  flags: ConfigFlags,
  terminal: Terminal,
  cwd: AbsolutePath,
): Promise<Opened> {
  let settingsFault: Error | null = null;
  try {
    const settings = await openConfig(flags, terminal, cwd).catch(async (error: unknown) => {
      settingsFault = asError(error);
      return await openDefaults(terminal, cwd);
    });
    const { env } = settings;
    const transport = openTransport(env);
    return { patient: { env, cwd, settings, settingsFault, transport }, fault: null };
  } catch (error) {
    return { patient: null, fault: settingsFault ?? asError(error) };
  }
}

function startChecks(
  { patient, fault }: Opened,
  machine: { readonly env: Terminal["env"]; readonly cwd: AbsolutePath },
  signal: AbortSignal,
): readonly Pending[] {
  const onMachine = Object.entries(machineChecks).map(([name, check]): Pending => {
    return { name, finding: examine(check, machine, signal) };
  });
  const onSettings = Object.entries(settingsChecks).map(([name, check]): Pending => {
    if (patient !== null) return { name, finding: examine(check, patient, signal) };
    const finding =
      name === "config" && fault !== null
        ? unusableSettings(fault)
        : warning("not looked at, for want of settings");
    return { name, finding: Promise.resolve(finding) };
  });
  return [...onMachine, ...onSettings];
}

/** The finding of one check, whatever becomes of the check: never rejects, and comes in time. */
async function examine<Subject>(
  check: Check<Subject>,
  subject: Subject,
  stop: AbortSignal,
): Promise<Finding> {
  const limit = AbortSignal.timeout(checkTimeoutMs);
  const signal = AbortSignal.any([stop, limit]);
  const late = Promise.withResolvers<Finding>();
  signal.addEventListener("abort", () =>
    late.resolve(
      failed(`no answer within ${checkTimeoutMs / 1000} seconds`, {
        repair: "try again; if it stays so, look at the disk, the network and the keyring",
      }),
    ),
  );
  const answer = check(subject, signal).catch((error: unknown) => failedCheck(asError(error)));
  return await Promise.race([answer, late.promise]);
}

function failedCheck({ message }: Error): Finding {
  const [summary = "", ...details] = message.split("\n");
  return failed(summary, { details, repair: "change what the message names" });
}

function redacted(finding: Finding, sieve: (text: string) => string): Finding {
  return {
    state: finding.state,
    summary: sieve(finding.summary),
    details: finding.details.map(sieve),
    repair: finding.repair === null ? null : sieve(finding.repair),
  };
}

function humanLines(terminal: Terminal): (name: string, finding: Finding) => string {
  const { env, stdoutIsTerminal: isTerminal } = terminal;
  const paint = painter(wantsColor({ mode: "auto", isTerminal, env }));
  const marks = { ok: "green", warning: "yellow", failed: "red" } as const;
  return (name, { state, summary, details, repair }) => {
    const indent = " ".repeat(18);
    return [
      `${paint(state.padEnd(7), marks[state])}  ${paint(name.padEnd(7), "bold")}  ${summary}\n`,
      ...details.map((line) => `${indent}${paint(line, "dim")}\n`),
      ...(repair === null ? [] : [`${indent}${paint("to do:", "bold")} ${repair}\n`]),
    ].join("");
  };
}

function closing(found: readonly Finding[]): string {
  const count = (state: FindingState): number => found.filter((one) => one.state === state).length;
  const [failures, warnings] = [count("failed"), count("warning")];
  if (failures === 0 && warnings === 0) return "All is well.";
  if (failures === 0) return `Ready to work, with ${warnings} to look at.`;
  return `${failures} to mend before a run can work${warnings === 0 ? "" : `, ${warnings} to look at`}.`;
}

function worst(states: readonly FindingState[]): FindingState {
  if (states.includes("failed")) return "failed";
  return states.includes("warning") ? "warning" : "ok";
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
