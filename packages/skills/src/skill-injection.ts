// The content of chosen skills, as messages for the model.
import { open } from "node:fs/promises";
import { sep } from "node:path";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { MessageItem } from "@codex-ts/protocol";
import type { Skill } from "./skill.ts";

/** What the model is given of the chosen skills. */
export interface SkillInjections {
  /** One user message per skill, in the order of the skills. */
  readonly items: readonly MessageItem[];
  /** Sentences for the person: skills that could not be read, or are too long. */
  readonly warnings: readonly string[];
}

/** How much of each skill goes to the model. */
export interface InjectSkillsOptions {
  /** Bytes of a file that go into its message; 64 KiB by default. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of a `SKILL.md` that reach the model, unless told otherwise. */
export const defaultInjectedBytes = 64 * 1024;

/** The message that hands one skill to the model. */
export function renderSkillItem(skill: {
  readonly name: string;
  readonly path: AbsolutePath;
  readonly contents: string;
}): MessageItem {
  const path = skill.path.split(sep).join("/");
  const text = `<skill>\n<name>${skill.name}</name>\n<path>${path}</path>\n${skill.contents}\n</skill>`;
  return { type: "message", role: "user", content: [{ type: "input_text", text }] };
}

/** Reads the chosen skills; one that cannot be read is a warning. @throws the signal's reason */
export async function injectSkills(
  skills: readonly Skill[],
  { maxBytes = defaultInjectedBytes, signal }: InjectSkillsOptions = {},
): Promise<SkillInjections> {
  const items: MessageItem[] = [];
  const warnings: string[] = [];
  for (const { name, path } of skills) {
    signal?.throwIfAborted();
    try {
      const { text, size } = await readUpTo(path, maxBytes);
      const isCut = size > maxBytes;
      if (isCut) {
        warnings.push(
          `The skill ${name} (${path}) has ${size} bytes; the model was given the first ${maxBytes}.`,
        );
      }
      const note = `\n[The file goes on; read the rest of ${path} if you need it.]`;
      items.push(renderSkillItem({ name, path, contents: isCut ? text + note : text }));
    } catch (error) {
      warnings.push(`The skill ${name} cannot be read from ${path}: ${(error as Error).message}`);
    }
  }
  return { items, warnings };
}

/** The start of a file, ending between two characters. */
async function readUpTo(
  path: AbsolutePath,
  maxBytes: number,
): Promise<{ readonly text: string; readonly size: number }> {
  await using file = await open(path);
  const { size } = await file.stat();
  const bytes = Buffer.alloc(Math.min(size, maxBytes));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  const end = size > maxBytes ? endOfCharacters(bytes, bytesRead) : bytesRead;
  return { text: bytes.toString("utf8", 0, end), size };
}

/** Where the last whole UTF-8 character before `end` ends. */
function endOfCharacters(bytes: Buffer, end: number): number {
  let start = end - 1;
  while (start > 0 && end - start < 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  const first = bytes[start] ?? 0;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return start + length > end ? start : end;
}
