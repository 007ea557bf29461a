// The page docs/config.md: every key of config.toml, from the schemas.
import { z } from "zod";
import type { $ZodType } from "zod/v4/core";
import { openKeyPrefixes } from "../src/open-keys.ts";
import { profileSchema } from "../src/schema-settings.ts";
import { configTomlSchema } from "../src/schemas.ts";
import { describeShape } from "../src/shape.ts";
import { shapeOfSchema, unwrap } from "./shape-of-schema.ts";

/**
 * Keys, and tables with all that is in them, that are checked and handed to programs that embed the
 * libraries, and that the command line of this version makes no use of.
 */
const notUsedYet: readonly string[] = [
  "agents",
  "analytics",
  "apps",
  "audio",
  "chatgpt_base_url",
  "check_for_update_on_startup",
  "commit_attribution",
  "disable_paste_burst",
  "feedback",
  "file_opener",
  "history",
  "js_repl_node_module_dirs",
  "js_repl_node_path",
  "mcp_oauth_callback_port",
  "mcp_oauth_callback_url",
  "mcp_oauth_credentials_store",
  "mcp_servers",
  "memories",
  "notice",
  "otel",
  "plan_mode_reasoning_effort",
  "plugins",
  "realtime",
  "sqlite_home",
  "tool_suggest",
  "tui",
  "windows",
  "windows_wsl_setup_acknowledged",
  "zsh_path",
];

const withoutEffect: ReadonlySet<string> = new Set([
  "instructions",
  "experimental_instructions_file",
  "tools.view_image",
]);

interface Row {
  readonly key: string;
  readonly allowed: string;
  readonly description: string;
}

/** The keys below a schema, depth first; `<name>` stands for names of a person's own. */
function* rowsOf(schema: $ZodType, key: string): Generator<Row> {
  const { def } = unwrap(schema)._zod;
  if (def.type === "object" && key !== "") {
    yield* inTable(def.shape, `${key}.`);
    if (def.catchall !== undefined) yield* rowsOf(def.catchall, `${key}.<name>`);
    return;
  }
  if (def.type === "object") return yield* inTable(def.shape, "");
  if (def.type === "record" && isTable(def.valueType)) {
    return yield* rowsOf(def.valueType, `${key}.<name>`);
  }
  if (def.type === "array" && isTable(def.element)) return yield* rowsOf(def.element, `${key}[]`);
  const description = z.globalRegistry.get(schema)?.description ?? "";
  yield { key, allowed: describeShape(shapeOfSchema(schema)), description };
}

function* inTable(shape: Readonly<Record<string, $ZodType>>, prefix: string): Generator<Row> {
  for (const [name, schema] of Object.entries(shape)) {
    // A profile holds keys that are listed already.
    if (prefix === "" && name === "profiles") continue;
    yield* rowsOf(schema, `${prefix}${name}`);
  }
}

function isTable(schema: $ZodType): boolean {
  return unwrap(schema)._zod.def.type === "object";
}

const profileKeys = new Set(Object.keys(profileSchema.shape));

function useOf(key: string): string {
  if (withoutEffect.has(key)) return "no effect";
  const isUnused = notUsedYet.some(
    (each) => key === each || key.startsWith(`${each}.`) || key.startsWith(`${each}[`),
  );
  return isUnused ? "not used yet" : "";
}

function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`).replaceAll("<", "&lt;");
}

/** The page as Markdown. */
export function configReferencePage(): string {
  const rows = [...rowsOf(configTomlSchema, "")].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const lines = rows.map(({ key, allowed, description }) => {
    const top = key.split(/[.[]/, 1)[0] ?? "";
    const inProfile = profileKeys.has(top) ? "yes" : "";
    return `| \`${key}\` | ${cell(allowed)} | ${inProfile} | ${cell(description)} | ${useOf(key)} |\n`;
  });
  return `<!-- Written by \`pnpm run schema\` in packages/config, from its schemas. -->

# Settings

Every key of \`config.toml\`. Highest first, a value comes from: a flag of its own (\`-m\`), the managed file, \`-c KEY=VALUE\`, the profile (\`-p\`, or \`profile\`), \`.codex/config.toml\` of a trusted project (nearest folder first), \`$CODEX_HOME/config.toml\`, the machine's file, the default.

\`codex-ts config show --origins\` says what counts here and which line set it, \`codex-ts config check\` what is wrong with a file, and \`codex-ts config set KEY=VALUE\` changes one. \`codex-ts config schema\` prints the JSON Schema for editors. A wrong value stops a run, with its place and what is allowed; an unknown key is a warning, or with \`--strict-config\` an error. Keys that begin with ${openKeyPrefixes.map((prefix) => `\`${prefix}\``).join(", ")} are accepted unseen.

"Profile" says whether the key may also stand below \`[profiles.<name>]\`. "Not used yet": checked, and without effect on the command line of this version; the settings file is shared with programs that do use it. Names of features are on [a page of their own](features.md).

| key | value | profile | what it is for | here |
| --- | --- | --- | --- | --- |
${lines.join("")}`;
}
