// The front matter of a SKILL.md file.
import { open } from "node:fs/promises";
import { type AbsolutePath, basename, parent } from "@codex-ts/absolute-path";
import type { SkillProblem } from "./skill.ts";
import { type YamlField, readYamlMapping } from "./yaml-mapping.ts";

export interface FrontMatter {
  readonly name: string;
  readonly description: string;
  readonly shortDescription?: string;
}

/** Characters that a name may have. */
const maxNameLength = 64;
/** Characters that a description or short description may have. */
const maxDescriptionLength = 1024;
/** Bytes of a file that are searched for the end of its front matter. */
const maxFrontMatterBytes = 64 * 1024;

/** On one line, with single blanks. */
export function squeeze(text: string): string {
  return text.split(/\s+/).filter(Boolean).join(" ");
}

/** Characters as people count them in a limit: code points. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

type Outcome<Value> = { readonly value: Value } | { readonly problem: SkillProblem };

/** Reads name and description of the skill whose file is at `path`. */
export async function readFrontMatter(path: AbsolutePath): Promise<Outcome<FrontMatter>> {
  const fail = (line: number | null, message: string): Outcome<never> => ({
    problem: { severity: "error", path, line, message },
  });
  let text: string;
  try {
    text = await readStart(path);
  } catch (error) {
    return fail(/*line*/ null, `The file cannot be read: ${(error as Error).message}`);
  }
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines[0]?.trimEnd() !== "---") {
    return fail(/*line*/ 1, "The front matter is missing. The first line must be `---`.");
  }
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
  if (end === -1) {
    return fail(/*line*/ 1, "The front matter is not closed. A line `---` must end it.");
  }
  const yaml = lines.slice(1, end).join("\n");
  if (yaml.trim() === "") {
    return fail(/*line*/ 1, "The front matter is empty. It must have a `description`.");
  }
  const read = await readYamlMapping(yaml);
  if ("problem" in read) return fail(read.problem.line + 1, read.problem.message);

  const metadata = read.fields.get("metadata")?.value;
  const fields = {
    name: read.fields.get("name"),
    description: read.fields.get("description"),
    "metadata.short-description":
      metadata?.kind === "mapping" ? metadata.fields.get("short-description") : undefined,
  };
  const texts = new Map<string, string>();
  for (const [key, field] of Object.entries(fields)) {
    if (field === undefined) continue;
    const line = field.line + 1;
    const value = textOf(field);
    if (value === null) return fail(line, `\`${key}\` must be a text.`);
    const limit = key === "name" ? maxNameLength : maxDescriptionLength;
    const squeezed = squeeze(value);
    const length = lengthOf(squeezed);
    if (length > limit) {
      return fail(line, `\`${key}\` has ${length} characters; at most ${limit} are allowed.`);
    }
    if (squeezed === "" && key !== "metadata.short-description") {
      return fail(line, `\`${key}\` is empty. Give it a text.`);
    }
    texts.set(key, squeezed);
  }
  const description = texts.get("description");
  if (description === undefined) {
    return fail(
      /*line*/ 1,
      "`description` is missing. Say what the skill does and when to use it.",
    );
  }
  const name = texts.get("name") ?? nameOfFolder(path);
  if (lengthOf(name) > maxNameLength) {
    return fail(
      /*line*/ 1,
      `\`name\` is missing, and the folder's name has more than ${maxNameLength} characters.`,
    );
  }
  const shortDescription = texts.get("metadata.short-description");
  return {
    value: {
      name,
      description,
      ...(shortDescription === undefined || shortDescription === "" ? {} : { shortDescription }),
    },
  };
}

/** The text of a field; null for lists and mappings. */
export function textOf({ value }: YamlField): string | null {
  switch (value.kind) {
    case "text":
      return value.text;
    case "flag":
      return String(value.flag);
    case "empty":
      return "";
    case "list":
    case "mapping":
      return null;
  }
}

function nameOfFolder(path: AbsolutePath): string {
  const folder = parent(path);
  const name = folder === null ? "" : squeeze(basename(folder));
  return name === "" ? "skill" : name;
}

async function readStart(path: AbsolutePath): Promise<string> {
  await using file = await open(path);
  const buffer = Buffer.alloc(maxFrontMatterBytes);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (bytesRead === 0 || length === buffer.length) break;
  }
  return buffer.toString("utf8", 0, length);
}
