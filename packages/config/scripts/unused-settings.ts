// Which settings the command line makes no use of: read off its sources, so that the page of the
// settings does not lag behind them.
import { globSync, readFileSync } from "node:fs";
import nodePath from "node:path";
import type { Config } from "../src/config.ts";

const root = nodePath.resolve(import.meta.dirname, "../../..");

/** The keys behind parts of the configuration that are not called like their key. */
const keysOf: Partial<Readonly<Record<keyof Config, readonly string[]>>> = {
  allowedWebSearchModes: [],
  analyticsEnabled: ["analytics"],
  backgroundTerminalMaxTimeoutMs: ["background_terminal_max_timeout"],
  baseInstructions: ["model_instructions_file"],
  codexHome: [],
  compactPrompt: ["compact_prompt", "experimental_compact_prompt_file"],
  cwd: [],
  deprecationNotices: [],
  ephemeral: [],
  feedbackEnabled: ["feedback"],
  modelCatalog: ["model_catalog_json"],
  modelProvider: ["model_providers", "openai_base_url"],
  modelProviderId: ["model_provider"],
  permissions: ["default_permissions", "permissions"],
  projectDocs: ["project_doc_fallback_filenames", "project_doc_max_bytes"],
  sandboxPolicy: ["sandbox_mode", "sandbox_workspace_write"],
  startupWarnings: ["suppress_unstable_features_warning"],
  trustLevel: ["projects"],
  userInstructions: [],
  webSearch: ["tools"],
  webSearchMode: ["web_search"],
};

/** Keys that do their work as the settings are loaded, and the table that hooks are read from. */
const usedInLoading: readonly string[] = [
  "experimental_use_freeform_apply_patch",
  "experimental_use_unified_exec_tool",
  "hooks",
  "profile",
  "profiles",
];

/** Sources that show settings and act on none. */
const thatOnlyShow =
  /[/\\](?:completion|doctor)[/\\]|[/\\]commands[/\\](?:config|doctor|mcp)\.ts$|\.test\.ts$/;

function textOf(path: string): string {
  return readFileSync(nodePath.join(root, path), "utf8");
}

/** The names of the parts, in the words of the type's own source. */
function parts(): readonly string[] {
  const source = textOf("packages/config/src/config.ts");
  const from = source.indexOf("export interface Config {");
  const type = source.slice(from, source.indexOf("\n}\n", from));
  return [...type.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = ""]) => name);
}

/** Whether `config.NAME` is read, or taken out of a `config` by its name. */
function isRead(name: string, sources: string): boolean {
  const taken = String.raw`\{[^{}]*\b${name}\b[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\s*(?:=\s*(?:\w+\.)*config\b|:\s*(?:Pick<)?Config\b)`;
  return new RegExp(String.raw`\bconfig\??\.${name}\b|${taken}`).test(sources);
}

/** Of the top-level keys those that the command line makes no use of. */
export function unusedSettings(keys: readonly string[]): ReadonlySet<string> {
  const files = globSync("apps/cli/src/**/*.ts", { cwd: root });
  const sources = files.filter((file) => !thatOnlyShow.test(file)).map(textOf);
  const text = sources.join("\n");
  const used = new Set(usedInLoading);
  for (const name of parts().filter((part) => isRead(part, text))) {
    const own = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    for (const key of keysOf[name as keyof Config] ?? [own]) used.add(key);
  }
  return new Set(keys.filter((key) => !used.has(key)));
}
