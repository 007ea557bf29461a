// `codex-ts config …`: the settings as they count here, what is wrong with them, and changes to them.
import { homedir } from "node:os";
import { type AbsolutePath, fromAbsolute, join, resolve } from "@codex-ts/absolute-path";
import {
  checkConfigFile,
  type ConfigError,
  type ConfigPlace,
  type ConfigWarning,
  editConfigFile,
  findCodexHome,
  findTrustRoot,
  formatConfig,
  formatKeyPath,
  formatOrigin,
  formatPlace,
  parseCliOverride,
  reportConfig,
  settingEdits,
  splitKey,
  trustEdits,
  unsettingEdits,
} from "@codex-ts/config";
import type { ConfigFlags } from "../flags.ts";
import { Failure } from "../failure.ts";
import { openConfig, orFailure } from "../open-config.ts";
import type { SettingsInvocation } from "../settings-grammar.ts";
import type { Terminal } from "../terminal.ts";
import { version } from "../version.ts";
import { workingFolder } from "../working-folder.ts";

type ConfigInvocation = Extract<SettingsInvocation, { readonly command: `config ${string}` }>;

export async function runConfig(invocation: ConfigInvocation, terminal: Terminal): Promise<number> {
  switch (invocation.command) {
    case "config show":
      return show(invocation, terminal);
    case "config path":
      terminal.stdout(`${await userFileOf(terminal)}\n`);
      return 0;
    case "config check":
      return check(invocation, terminal);
    case "config schema": {
      const schema = await import("@codex-ts/config/config.schema.json", {
        with: { type: "json" },
      });
      terminal.stdout(`${JSON.stringify(schema.default, null, 2)}\n`);
      return 0;
    }
    case "config set":
      return set(invocation, terminal);
    case "config unset":
      return unset(invocation, terminal);
    case "config trust":
      return trust(invocation, terminal);
  }
}

/** The person's own config.toml. */
export function userFileOf(terminal: Terminal): Promise<AbsolutePath> {
  return orFailure(async () => join(await findCodexHome(terminal.env, homedir()), "config.toml"));
}

type Of<Command extends ConfigInvocation["command"]> = Extract<
  ConfigInvocation,
  { readonly command: Command }
>;

async function show(
  { config: flags, json, origins }: Of<"config show">,
  terminal: Terminal,
): Promise<number> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  const { loaded, config } = await openConfig(flags, terminal, cwd);
  if (json) {
    terminal.stdout(`${JSON.stringify(reportConfig(loaded), null, 2)}\n`);
    return 0;
  }
  terminal.stdout(formatConfig(loaded, { origins }));
  for (const warning of config.startupWarnings) terminal.stderr(`warning: ${warning}\n`);
  return 0;
}

async function check(
  { config: flags, file: given, json }: Of<"config check">,
  terminal: Terminal,
): Promise<number> {
  const file =
    given === undefined
      ? await userFileOf(terminal)
      : resolve(given, fromAbsolute(terminal.cwd), { home: homedir() });
  const { errors, warnings } = await orFailure(() =>
    checkConfigFile(file, { env: terminal.env, version }),
  );
  const isRight = errors.length === 0;
  const isRefused = flags.strict === true && warnings.some(({ code }) => code !== "no_effect");
  if (json) {
    const problems = { errors: errors.map(problemOf), warnings: warnings.map(problemOf) };
    terminal.stdout(`${JSON.stringify({ file, ok: isRight && !isRefused, ...problems })}\n`);
  } else {
    for (const error of errors) terminal.stdout(`${error.display}\n`);
    for (const { place, message } of warnings) {
      terminal.stdout(`${formatPlace(place)}: warning: ${message}\n`);
    }
    if (isRight && warnings.length === 0) terminal.stdout(`${file} is right.\n`);
  }
  return isRight && !isRefused ? 0 : 1;
}

function problemOf({ code, message, key, place }: ConfigError | ConfigWarning): object {
  const { line, column } = place satisfies ConfigPlace;
  return { code, message, key: key ?? null, line: line ?? null, column: column ?? null };
}

async function set(
  { config: flags, settings }: Of<"config set">,
  terminal: Terminal,
): Promise<number> {
  const file = await userFileOf(terminal);
  const odd = settings.find((item) => !item.includes("="));
  if (odd !== undefined) {
    throw new Failure(
      `${JSON.stringify(odd)} has no value; write KEY=VALUE, for example codex-ts config set model=gpt-5`,
      { exitCode: 2 },
    );
  }
  const items = await orFailure(() => Promise.all(settings.map((item) => parseCliOverride(item))));
  await orFailure(() =>
    editConfigFile(file, (table) =>
      items.flatMap(({ path, value }) => settingEdits(path, value, flags.profile)(table)),
    ),
  );
  for (const { path } of items) terminal.stdout(`Set ${formatKeyPath(path)} in ${file}\n`);
  const paths = items.map(({ path }) => path);
  await tellWhatGoesBefore(paths, { file, flags, terminal });
  return 0;
}

async function unset(
  { config: flags, keys }: Of<"config unset">,
  terminal: Terminal,
): Promise<number> {
  const file = await userFileOf(terminal);
  const paths = keys.map(splitKey);
  const { changed } = await orFailure(() =>
    editConfigFile(file, (table) =>
      paths.flatMap((path) => unsettingEdits(path, flags.profile)(table)),
    ),
  );
  const names = paths.map(formatKeyPath).join(", ");
  terminal.stdout(changed ? `Removed ${names} from ${file}\n` : `${file} does not set ${names}\n`);
  await tellWhatGoesBefore(paths, { file, flags, terminal });
  return 0;
}

/** Says where a key is set that the person's own file does not decide, and what is wrong with a key. */
async function tellWhatGoesBefore(
  paths: readonly (readonly string[])[],
  about: {
    readonly file: AbsolutePath;
    readonly flags: ConfigFlags;
    readonly terminal: Terminal;
  },
): Promise<void> {
  const { file, flags, terminal } = about;
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  // What is wrong elsewhere does not undo the change; the next run says it.
  const opened = await openConfig(flags, terminal, cwd).catch(() => undefined);
  if (opened === undefined) return;
  for (const path of paths) {
    const key = formatKeyPath(path);
    const origin = opened.loaded.originOf(path);
    if (origin !== undefined && origin.path !== file) {
      terminal.stderr(`note: here ${key} is what ${formatOrigin(origin)} says\n`);
    }
    const warning = opened.loaded.warnings.find((each) => each.key === key);
    if (warning !== undefined) terminal.stderr(`warning: ${warning.message}\n`);
  }
}

async function trust(
  { folder, decision, config: flags }: Of<"config trust">,
  terminal: Terminal,
): Promise<number> {
  const given = await workingFolder(folder ?? flags.cd, terminal.cwd);
  const project = (await findTrustRoot(given)) ?? given;
  const file = await userFileOf(terminal);
  const edits =
    decision === "none"
      ? [{ clear: ["projects", project, "trust_level"], prune: true }]
      : trustEdits(project, decision);
  await orFailure(() => editConfigFile(file, edits));
  terminal.stdout(
    decision === "none"
      ? `Nothing is decided on ${project} any more; see ${file}\n`
      : `Marked ${project} as ${decision} in ${file}\n`,
  );
  return 0;
}
