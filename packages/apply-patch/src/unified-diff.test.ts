import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { unifiedDiff } from "./index.ts";

/** An applier that trusts nothing: every context and removed line must be where the hunk says. */
function applyDiff(before: string, diff: string): string {
  const oldLines = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  let result = "";
  let position = 0;
  const lines = diff.replaceAll("\n\\ No newline at end of file\n", "\0").match(/[^\n\0]*[\n\0]/g);
  for (const line of lines ?? []) {
    const text = line.slice(1).replace("\0", "");
    const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n$/.exec(line);
    if (header !== null) {
      const start = Number(header[1]) - (header[2] === "0" ? 0 : 1);
      result += oldLines.slice(position, start).join("");
      position = start;
    } else if (line.startsWith("+")) {
      result += text;
    } else {
      if (oldLines[position] !== text) throw new Error(`hunk does not fit at ${position}`);
      if (line.startsWith(" ")) result += text;
      position += 1;
    }
  }
  return result + oldLines.slice(position).join("");
}

const smallText = fc
  .array(fc.constantFrom("a", "b", "c", "d", ""), { maxLength: 12 })
  .map((lines) => lines.join("\n"));

test("equal texts have no hunks", () => {
  expect(unifiedDiff("a\n", "a\n")).toBe("");
  expect(unifiedDiff("", "")).toBe("");
});

test("a diff leads from the one text to the other", () => {
  fc.assert(
    fc.property(smallText, smallText, fc.nat({ max: 3 }), (before, after, context) => {
      expect(applyDiff(before, unifiedDiff(before, after, context))).toBe(after);
    }),
    { numRuns: 500 },
  );
});

test("a diff changes no more lines than needed", () => {
  expect(unifiedDiff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", /*context*/ 0)).toBe(
    "@@ -1,2 +0,0 @@\n-a\n-b\n@@ -3,0 +2 @@\n+b\n@@ -6 +4,0 @@\n-b\n@@ -7,0 +6 @@\n+c\n",
  );
});

test("texts with little in common are one replacement, in bounded time", () => {
  const before = Array.from({ length: 20_000 }, (_, index) => `old ${index}\n`).join("");
  const after = Array.from({ length: 20_000 }, (_, index) => `new ${index}\n`).join("");
  const diff = unifiedDiff(before, after);
  expect(diff.startsWith("@@ -1,20000 +1,20000 @@\n-old 0\n")).toBe(true);
  expect(applyDiff(before, diff)).toBe(after);
});

test("git applies the hunks", async () => {
  const folder = await mkdtemp(nodePath.join(tmpdir(), "apply-patch-"));
  try {
    const before = "1\n2\n3\n4\n5\n6\n7\n8\nlast";
    const after = "1\ntwo\n3\n4\n5\n6\n7\nnew\n8\nlast\n";
    await writeFile(nodePath.join(folder, "f"), before);
    const patch = `--- a/f\n+++ b/f\n${unifiedDiff(before, after)}`;
    await writeFile(nodePath.join(folder, "p"), patch);
    await promisify(execFile)("git", ["apply", "--unidiff-zero", "p"], { cwd: folder });
    expect(await readFile(nodePath.join(folder, "f"), "utf8")).toBe(after);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
