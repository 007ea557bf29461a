import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { abs, temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { combineInstructions, readProjectDocs } from "./project-docs.ts";

const options = { maxBytes: 32_768, fallbackFilenames: [], rootMarkers: [".git"] };

async function tree(path: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = join(abs(path), name);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, text);
  }
}

test("no document anywhere gives none", async () => {
  await using folder = await temporaryDirectory();
  expect(await readProjectDocs(abs(folder.path), options)).toEqual({
    text: null,
    files: [],
    warnings: [],
  });
});

test("documents from the root down to the current folder, the root's first", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, { ".git/HEAD": "", "AGENTS.md": "root", "a/b/AGENTS.md": "deep" });
  expect(await readProjectDocs(join(root, "a/b"), options)).toEqual({
    text: "root\n\ndeep",
    files: [join(root, "AGENTS.md"), join(root, "a/b/AGENTS.md")],
    warnings: [],
  });
});

test("without a marker above, only the current folder is searched", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, { "AGENTS.md": "root", "a/AGENTS.md": "deep" });
  expect((await readProjectDocs(join(root, "a"), options)).text).toBe("deep");
  expect((await readProjectDocs(join(root, "a"), { ...options, rootMarkers: [] })).text).toBe(
    "deep",
  );
});

test("a configured marker is used instead of .git", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, { ".codex-root": "", "AGENTS.md": "root", "a/.git/HEAD": "" });
  const docs = await readProjectDocs(join(root, "a"), { ...options, rootMarkers: [".codex-root"] });
  expect(docs.text).toBe("root");
});

test("the override beats AGENTS.md, a fallback counts only where both are missing", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, {
    ".git/HEAD": "",
    "AGENTS.override.md": "override",
    "AGENTS.md": "plain",
    "a/CLAUDE.md": "fallback",
  });
  const docs = await readProjectDocs(join(root, "a"), {
    ...options,
    fallbackFilenames: ["CLAUDE.md"],
  });
  expect(docs.text).toBe("override\n\nfallback");
});

test("all documents together keep the limit, and the one that was cut is named", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, { ".git/HEAD": "", "AGENTS.md": "x".repeat(50), "a/AGENTS.md": "y".repeat(10) });
  const docs = await readProjectDocs(join(root, "a"), { ...options, maxBytes: 55 });
  expect(docs.text).toBe(`${"x".repeat(50)}\n\n${"y".repeat(5)}`);
  expect(docs.warnings).toEqual([
    `${join(root, "a/AGENTS.md")} was cut after 5 of 10 bytes: all project documents together may have 55 bytes (project_doc_max_bytes)`,
  ]);
  expect((await readProjectDocs(root, { ...options, maxBytes: 0 })).text).toBeNull();
});

test("blank files and dangling links are passed over", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, { ".git/HEAD": "", "AGENTS.md": " \n", "a/b/AGENTS.md": "deep" });
  await symlink("nowhere", join(root, "a/AGENTS.md"));
  expect((await readProjectDocs(join(root, "a/b"), options)).text).toBe("deep");
});

test("the person's own instructions come first, behind a line that says where the project's begin", () => {
  expect(combineInstructions("mine", "project")).toBe("mine\n\n--- project-doc ---\n\nproject");
  expect(combineInstructions(/*global*/ null, "project")).toBe("project");
  expect(combineInstructions("mine", /*project*/ null)).toBe("mine");
  expect(combineInstructions(/*global*/ null, /*project*/ null)).toBeNull();
});
