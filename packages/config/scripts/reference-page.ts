// The page docs/config.md: every key of config.toml, from the schemas.
import { z } from "zod";
import type { $ZodType } from "zod/v4/core";
import { openKeyPrefixes } from "../src/open-keys.ts";
import { profileSchema } from "../src/schema-settings.ts";
import { configTomlSchema } from "../src/schemas.ts";
import { describeShape } from "../src/shape.ts";
import { shapeOfSchema, unwrap } from "./shape-of-schema.ts";
import { unusedSettings } from "./unused-settings.ts";

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

function useOf(key: string, unused: ReadonlySet<string>): string {
  if (withoutEffect.has(key)) return "no effect";
  return unused.has(topLevel(key)) ? "not used yet" : "";
}

function topLevel(key: string): string {
  return key.split(/[.[]/, 1)[0] ?? "";
}

function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`).replaceAll("<", "&lt;");
}

/** The page as Markdown. */
export function configReferencePage(): string {
  const rows = [...rowsOf(configTomlSchema, "")].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const unused = unusedSettings(rows.map(({ key }) => topLevel(key)));
  const lines = rows.map(({ key, allowed, description }) => {
    const inProfile = profileKeys.has(topLevel(key)) ? "yes" : "";
    return `| \`${key}\` | ${cell(allowed)} | ${inProfile} | ${cell(description)} | ${useOf(key, unused)} |\n`;
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
