import { expect, test } from "vitest";
import { PatchParseError, formatSummary, parsePatch } from "./index.ts";

function parseFailure(text: string): PatchParseError {
  try {
    parsePatch(text);
  } catch (error) {
    if (error instanceof PatchParseError) return error;
    throw error;
  }
  throw new Error("the patch parsed");
}

test("a patch with every kind of section becomes sections, chunks and lines", () => {
  const patch = parsePatch(`*** Begin Patch
*** Add File: path/add.txt
+abc
+
+def
*** Delete File: path/delete.txt
*** Update File: path/old.txt
*** Move to: path/new.txt
@@ class A
@@   def f():
 one
-two
+2

@@
-three
*** End of File
*** End Patch`);
  expect(patch).toEqual({
    sections: [
      { kind: "add", path: "path/add.txt", content: "abc\n\ndef\n" },
      { kind: "delete", path: "path/delete.txt" },
      {
        kind: "update",
        path: "path/old.txt",
        movePath: "path/new.txt",
        chunks: [
          {
            contexts: ["class A", "  def f():"],
            lines: [
              { kind: "context", text: "one" },
              { kind: "remove", text: "two" },
              { kind: "add", text: "2" },
              { kind: "context", text: "" },
            ],
            endOfFile: false,
          },
          { contexts: [], lines: [{ kind: "remove", text: "three" }], endOfFile: true },
        ],
      },
    ],
  });
});

test("after a bare marker an empty line is context and the next header ends the chunk", () => {
  const patch = parsePatch(
    "*** Begin Patch\n*** Update File: a\n@@\n\n context\n-x\n+y\n*** Delete File: b\n*** End Patch",
  );
  expect(patch.sections).toEqual([
    {
      kind: "update",
      path: "a",
      movePath: null,
      chunks: [
        {
          contexts: [],
          lines: [
            { kind: "context", text: "" },
            { kind: "context", text: "context" },
            { kind: "remove", text: "x" },
            { kind: "add", text: "y" },
          ],
          endOfFile: false,
        },
      ],
    },
    { kind: "delete", path: "b" },
  ]);
});

test("a patch without sections parses", () => {
  expect(parsePatch("*** Begin Patch\n*** End Patch")).toEqual({ sections: [] });
});

test("an unknown header names the line and the three headers", () => {
  expect(parseFailure("*** Begin Patch\n*** Frob: a\n*** End Patch")).toEqual(
    new PatchParseError(
      "unknown_header",
      /*line*/ 2,
      "'*** Frob: a' does not open a section; a section starts with '*** Add File: PATH', '*** Delete File: PATH' or '*** Update File: PATH'",
    ),
  );
});

test("an empty update names its file", () => {
  expect(parseFailure("*** Begin Patch\n*** Update File: a.txt\n*** End Patch").message).toContain(
    "'a.txt'",
  );
});

test("a bad chunk line is quoted with the three prefixes", () => {
  const { message } = parseFailure("*** Begin Patch\n*** Update File: a\n@@\nfoo\n*** End Patch");
  expect(message).toContain("'foo'");
  expect(message).toContain("' ' (context), '+' (added) or '-' (removed)");
});

test("a further chunk without its marker is quoted and the marker named", () => {
  const { message } = parseFailure(
    "*** Begin Patch\n*** Update File: a\n@@\n-x\nfoo\n*** End Patch",
  );
  expect(message).toContain("'foo'");
  expect(message).toContain("'@@'");
});

test("the summary lists added, modified and deleted files, moved ones by their new name", () => {
  const patch = parsePatch(`*** Begin Patch
*** Delete File: d
*** Update File: m
@@
-x
*** Update File: old
*** Move to: new
*** Add File: a
*** Update File: m
@@
+y
*** End Patch`);
  expect(formatSummary(patch)).toBe(
    "Success. Updated the following files:\nA a\nM m\nM new\nM m\nD d\n",
  );
});
