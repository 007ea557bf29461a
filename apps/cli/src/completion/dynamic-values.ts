// Values that only this machine knows, for the word at the cursor.
import { homedir } from "node:os";
import { fromAbsolute } from "@codex-ts/absolute-path";
import type { Terminal } from "../terminal.ts";
import type { Candidate, DynamicValues } from "./candidates.ts";

/** The newest sessions are offered; whoever looks for an older one has `sessions list --search`. */
const mostSessions = 40;
const longestDescription = 60;

/** The values of one kind, the likeliest first. Settings that cannot be used give what needs none. */
export async function dynamicValues(
  of: DynamicValues,
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  switch (of) {
    case "sessions":
      return await sessions(terminal);
    case "profiles":
      return (await profilesOf(terminal)).map(([value, { model }]) => ({
        value,
        description: typeof model === "string" ? `model ${model}` : "",
      }));
    case "models":
      return await models(terminal);
    case "features": {
      const { featureSpecs } = await import("@codex-ts/features");
      return featureSpecs()
        .filter(({ stage }) => stage !== "removed")
        .map(({ key, purpose }) => ({ value: key, description: purpose }));
    }
    case "servers":
      return Object.keys((await configOf(terminal)).config.mcpServers).map(plain);
    case "hook_events":
      return (await import("@codex-ts/hooks")).hookEventNames.map(plain);
    case "branches": {
      const { localBranches } = await import("@codex-ts/git-utils");
      return (await localBranches(fromAbsolute(terminal.cwd), { env: terminal.env })).map(plain);
    }
  }
}

async function sessions({ env }: Terminal): Promise<readonly Candidate[]> {
  const [{ findCodexHome }, { listThreads }] = await Promise.all([
    import("@codex-ts/config"),
    import("@codex-ts/rollout"),
  ]);
  const { threads } = await listThreads({
    codexHome: await findCodexHome(env, homedir()),
    sortKey: "updated_at",
    pageSize: mostSessions,
  });
  return threads.map(({ id, name, preview }) => ({
    value: name ?? id,
    description: oneLine(preview),
  }));
}

async function models(terminal: Terminal): Promise<readonly Candidate[]> {
  const [{ bundledCatalogue, listModels }, profiles] = await Promise.all([
    import("@codex-ts/models"),
    profilesOf(terminal).catch(() => []),
  ]);
  const known = listModels(bundledCatalogue, { chatgpt: true })
    .filter(({ showInPicker }) => showInPicker)
    .map(({ model, description }) => ({ value: model, description: oneLine(description) }));
  const own = profiles.flatMap(([name, { model }]) =>
    typeof model === "string" && known.every(({ value }) => value !== model)
      ? [{ value: model, description: `of the profile ${name}` }]
      : [],
  );
  return [...known, ...own];
}

type Profile = readonly [name: string, settings: Readonly<Record<string, unknown>>];

async function profilesOf(terminal: Terminal): Promise<readonly Profile[]> {
  const { layers } = await configOf(terminal);
  const tables = layers.map(({ table }) => table["profiles"] ?? {});
  return Object.entries(Object.assign({}, ...tables) as Record<string, Profile[1]>);
}

async function configOf(terminal: Terminal) {
  const { openConfig } = await import("../open-config.ts");
  return (await openConfig({ config: [], addDirs: [] }, terminal, fromAbsolute(terminal.cwd)))
    .loaded;
}

function plain(value: string): Candidate {
  return { value, description: "" };
}

/** Without what would break a line or colour a menu. */
function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{C}\s]+/gu, " ").trim();
  return line.length <= longestDescription ? line : `${line.slice(0, longestDescription - 1)}…`;
}
