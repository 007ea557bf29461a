// The optional file agents/openai.yaml beside a SKILL.md: how to show the skill, what it needs, who
// may use it. Whatever is wrong in it costs that entry alone.
import { readFile } from "node:fs/promises";
import { type AbsolutePath, isInside, join } from "@codex-ts/absolute-path";
import type { SkillInterface, SkillProblem, SkillToolDependency } from "./skill.ts";
import { lengthOf, squeeze, textOf } from "./skill-file.ts";
import { type YamlField, readYamlMapping } from "./yaml-mapping.ts";

export interface SkillExtras {
  readonly interface?: SkillInterface;
  readonly tools: readonly SkillToolDependency[];
  readonly allowsImplicitUse: boolean;
  readonly products: readonly string[];
}

const none: SkillExtras = { tools: [], allowsImplicitUse: true, products: [] };

type Fields = ReadonlyMap<string, YamlField>;

/** Reads the file of the skill in `folder`; without one, all is at its default. */
export async function readSkillExtras(
  folder: AbsolutePath,
): Promise<{ readonly extras: SkillExtras; readonly problems: readonly SkillProblem[] }> {
  const path = join(folder, "agents/openai.yaml");
  const problems: SkillProblem[] = [];
  const warn = (line: number | null, message: string) => {
    problems.push({ severity: "warning", path, line, message });
  };
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR")
      warn(/*line*/ null, `The file cannot be read: ${message}`);
    return { extras: none, problems };
  }
  const read = await readYamlMapping(text);
  if ("problem" in read) {
    warn(read.problem.line, read.problem.message);
    return { extras: none, problems };
  }

  const textIn = (fields: Fields, key: string, limit: number): string | undefined => {
    const field = fields.get(key);
    if (field === undefined) return undefined;
    const value = textOf(field);
    const squeezed = value === null ? "" : squeeze(value);
    if (value === null || squeezed === "" || lengthOf(squeezed) > limit) {
      warn(field.line, `\`${key}\` must be a text of 1 to ${limit} characters; it is left out.`);
      return undefined;
    }
    return squeezed;
  };
  const mapping = (fields: Fields, key: string): Fields => {
    const field = fields.get(key);
    if (field === undefined) return new Map();
    if (field.value.kind === "mapping") return field.value.fields;
    warn(field.line, `\`${key}\` must hold keys with values; it is left out.`);
    return new Map();
  };
  const list = (fields: Fields, key: string): readonly YamlField[] => {
    const field = fields.get(key);
    if (field === undefined) return [];
    if (field.value.kind === "list") return field.value.items;
    warn(field.line, `\`${key}\` must be a list; it is left out.`);
    return [];
  };
  const icon = (fields: Fields, key: string): AbsolutePath | undefined => {
    const written = textIn(fields, key, /*limit*/ 1024);
    if (written === undefined) return undefined;
    const file = join(folder, written);
    const isPlain = !/^[/\\]|^[a-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)/i.test(written);
    if (isPlain && file !== join(folder, "assets") && isInside(file, join(folder, "assets"))) {
      return file;
    }
    const line = fields.get(key)?.line ?? null;
    warn(line, `\`${key}\` must be a path below \`assets/\`; it is left out.`);
    return undefined;
  };
  const color = (fields: Fields): string | undefined => {
    const written = textIn(fields, "brand_color", /*limit*/ 1024);
    if (written === undefined || /^#[0-9a-f]{6}$/i.test(written)) return written;
    warn(
      fields.get("brand_color")?.line ?? null,
      "`brand_color` must be like #RRGGBB; it is left out.",
    );
    return undefined;
  };
  const tool = (item: YamlField): SkillToolDependency[] => {
    if (item.value.kind !== "mapping") {
      warn(item.line, "A tool must have `type` and `value`; it is left out.");
      return [];
    }
    const { fields } = item.value;
    const type = textIn(fields, "type", /*limit*/ 64);
    const value = textIn(fields, "value", /*limit*/ 1024);
    if (type === undefined || value === undefined) {
      warn(item.line, "A tool must have `type` and `value`; it is left out.");
      return [];
    }
    return [
      withoutUndefined({
        type,
        value,
        description: textIn(fields, "description", /*limit*/ 1024),
        transport: textIn(fields, "transport", /*limit*/ 64),
        command: textIn(fields, "command", /*limit*/ 1024),
        url: textIn(fields, "url", /*limit*/ 1024),
      }),
    ];
  };

  const shown = mapping(read.fields, "interface");
  const face: SkillInterface = withoutUndefined({
    displayName: textIn(shown, "display_name", /*limit*/ 64),
    shortDescription: textIn(shown, "short_description", /*limit*/ 1024),
    iconSmall: icon(shown, "icon_small"),
    iconLarge: icon(shown, "icon_large"),
    brandColor: color(shown),
    defaultPrompt: textIn(shown, "default_prompt", /*limit*/ 1024),
  });
  const policy = mapping(read.fields, "policy");
  const implicit = policy.get("allow_implicit_invocation");
  if (implicit !== undefined && implicit.value.kind !== "flag") {
    warn(implicit.line, "`allow_implicit_invocation` must be true or false; it counts as true.");
  }
  return {
    extras: {
      ...(Object.keys(face).length === 0 ? {} : { interface: face }),
      tools: list(mapping(read.fields, "dependencies"), "tools").flatMap(tool),
      allowsImplicitUse: implicit?.value.kind === "flag" ? implicit.value.flag : true,
      products: list(policy, "products").flatMap((item) => {
        const product = squeeze(textOf(item) ?? "");
        return product === "" ? [] : [product];
      }),
    },
    problems: problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  };
}

type Defined<Value> = { readonly [Key in keyof Value]: Exclude<Value[Key], undefined> };

function withoutUndefined<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as Defined<Value>;
}
