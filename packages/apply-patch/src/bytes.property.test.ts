// Generated files and edits: the patch for them is rendered, applied on a real disk, and the result
// compared byte by byte with what the edits say.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { fromAbsolute } from "@codex-ts/absolute-path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyPatch } from "./index.ts";

type Encoding = "utf-8" | "utf-8 with mark" | "latin-1" | "utf-16le" | "utf-16be";

interface Line {
  readonly text: string;
  readonly ending: "\n" | "\r\n" | "";
  /** What the patch does to it. */
  readonly edit: "keep" | "remove" | "replace";
  /** New lines that take its place or come after it. */
  readonly added: readonly string[];
  /** How the patch writes it when it is context. */
  readonly blanksInPatch: string;
}

interface EditedFile {
  readonly encoding: Encoding;
  readonly lines: readonly Line[];
  readonly addedOnTop: readonly string[];
  readonly context: number;
  readonly namesContext: boolean;
  readonly moves: boolean;
}

const characters: Record<Encoding, string> = {
  "utf-8": "ab {}*@+-\t\u00e9\u201c\u4e2d\u{1f600}",
  "utf-8 with mark": "ab {}*@+-\t\u00e9\u201c\u4e2d\u{1f600}",
  "latin-1": "ab {}*@+-\t\u00e9\u00ef\u00fc",
  "utf-16le": "ab {}*@+-\t\u00e9\u201c\u4e2d\u{1f600}",
  "utf-16be": "ab {}*@+-\t\u00e9\u201c\u4e2d\u{1f600}",
};

function encode(text: string, encoding: Encoding): Buffer {
  if (encoding === "latin-1") return Buffer.from(text, "latin1");
  if (encoding === "utf-16le") return Buffer.from(text, "utf16le");
  if (encoding === "utf-16be") return Buffer.from(text, "utf16le").swap16();
  return Buffer.from(text, "utf8");
}

function byteOrderMark(encoding: Encoding): Buffer {
  const hasMark = encoding !== "utf-8" && encoding !== "latin-1";
  return encode(hasMark ? "\ufeff" : "", encoding);
}

function editedFile(encoding: Encoding): fc.Arbitrary<EditedFile> {
  const text = fc
    .array(fc.constantFrom(...Array.from(characters[encoding])), { maxLength: 8 })
    .map((parts) => parts.join(""));
  const line = fc.record({
    text,
    ending: fc.constantFrom("\n" as const, "\r\n" as const),
    edit: fc.constantFrom("keep", "keep", "keep", "keep", "remove", "replace" as const),
    added: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(text, { minLength: 1, maxLength: 3 }) },
    ),
    blanksInPatch: fc.constantFrom("", "", " ", "\t"),
  });
  return fc
    .record({
      encoding: fc.constant(encoding),
      lines: fc.array(line, { minLength: 1, maxLength: 12 }),
      ending: fc.constantFrom("mixed", "\n", "\r\n"),
      endsInNewline: fc.boolean(),
      addedOnTop: fc.array(text, { maxLength: 1 }),
      context: fc.integer({ min: 1, max: 3 }),
      namesContext: fc.boolean(),
      moves: fc.boolean(),
    })
    .map(({ lines, ending, endsInNewline, ...file }) => ({
      ...file,
      lines: lines.map((line, index): Line => {
        // Numbered lines are found at one place; the accent keeps Latin-1 from being valid UTF-8.
        const numbered = `${index}${encoding === "latin-1" ? "\u00e9" : ""}: ${line.text}`;
        const isOpen = !endsInNewline && index === lines.length - 1;
        const kept = ending === "mixed" ? line.ending : ending;
        return { ...line, text: numbered, ending: isOpen ? "" : kept };
      }),
    }));
}

function isTouched(line: Line | undefined): boolean {
  return line !== undefined && (line.edit !== "keep" || line.added.length > 0);
}

/** The line ranges that the chunks show: every edit with its context, overlapping ones as one. */
function hunks(file: EditedFile): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  file.lines.forEach((line, index) => {
    if (!isTouched(line) && !(index === 0 && file.addedOnTop.length > 0)) return;
    const start = Math.max(0, index - file.context);
    const end = Math.min(file.lines.length, index + 1 + file.context);
    const last = ranges.at(-1);
    if (last !== undefined && start <= last.end) last.end = end;
    else ranges.push({ start, end });
  });
  return ranges;
}

function renderSection(file: EditedFile, name: string): string[] {
  const patch = [`*** Update File: ${name}`];
  if (file.moves) patch.push(`*** Move to: ${name}.moved`);
  let cursor = 0;
  for (const { start, end } of hunks(file)) {
    const above = file.lines[start - 1];
    const isNamed = file.namesContext && above !== undefined && start > cursor;
    patch.push(isNamed ? `@@ ${above.text}` : "@@");
    if (start === 0) patch.push(...file.addedOnTop.map((text) => `+${text}`));
    for (const line of file.lines.slice(start, end)) {
      patch.push(line.edit === "keep" ? ` ${line.text}${line.blanksInPatch}` : `-${line.text}`);
      patch.push(...line.added.map((text) => `+${text}`));
    }
    if (end === file.lines.length) patch.push("*** End of File");
    cursor = end;
  }
  return patch;
}

function originalBytes({ encoding, lines }: EditedFile): Buffer {
  const text = lines.map((line) => line.text + line.ending).join("");
  return Buffer.concat([byteOrderMark(encoding), encode(text, encoding)]);
}

function expectedBytes({ encoding, lines, addedOnTop }: EditedFile): Buffer {
  const ending = (index: number) =>
    lines[index]?.ending || lines[index - 1]?.ending || lines[index + 1]?.ending || "\n";
  let text = addedOnTop.map((added) => added + ending(/*index*/ -1)).join("");
  lines.forEach((line, index) => {
    if (line.edit === "keep") {
      text += line.text + (line.added.length > 0 ? ending(index) : line.ending);
    }
    text += line.added.map((added) => added + ending(index)).join("");
  });
  return Buffer.concat([byteOrderMark(encoding), encode(text, encoding)]);
}

test("bytes outside the changed lines stay, in every encoding, with every line ending, over several files", async () => {
  const root = await mkdtemp(nodePath.join(tmpdir(), "apply-patch-"));
  const anyFile = fc
    .constantFrom(...(Object.keys(characters) as Encoding[]))
    .chain((encoding) => editedFile(encoding))
    .filter((file) => file.moves || hunks(file).length > 0);
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFile, { minLength: 1, maxLength: 3 }), async (files) => {
        run += 1;
        const names = files.map((_, index) => `${run}-${index}`);
        for (const [index, file] of files.entries()) {
          await writeFile(nodePath.join(root, names[index] ?? ""), originalBytes(file));
        }
        const sections = files.flatMap((file, index) => renderSection(file, names[index] ?? ""));
        const text = ["*** Begin Patch", ...sections, "*** End Patch"].join("\n");
        await applyPatch(text, { cwd: fromAbsolute(root) });

        const found = (await readdir(root)).filter((name) => name.startsWith(`${run}-`)).sort();
        const expected = files.map((file, index) => `${names[index]}${file.moves ? ".moved" : ""}`);
        expect(found).toEqual(expected);
        for (const [index, file] of files.entries()) {
          const bytes = await readFile(nodePath.join(root, expected[index] ?? ""));
          expect(bytes.toString("hex")).toBe(expectedBytes(file).toString("hex"));
        }
      }),
      { numRuns: 400 },
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
