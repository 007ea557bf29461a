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
  const deep = join(root, "a/AGENTS.md");
  expect(docs).toEqual({
    text: `${"x".repeat(50)}\n\n${"y".repeat(5)}\n\n[${deep} goes on here: 5 of 10 bytes are shown. Read the file where the rest matters.]`,
    files: [join(root, "AGENTS.md"), deep],
    warnings: [
      `${deep} was cut in line 1, after 5 of 10 bytes: all project documents together may have 55 bytes (project_doc_max_bytes)`,
    ],
  });
  expect((await readProjectDocs(root, { ...options, maxBytes: 0 })).text).toBeNull();
});

test("after the limit is reached, each further document is named as left out", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, {
    ".git/HEAD": "",
    "AGENTS.md": "one\ntwo\nthree",
    "a/AGENTS.md": "deep",
    "a/b/AGENTS.md": "deeper",
  });
  const docs = await readProjectDocs(join(root, "a/b"), { ...options, maxBytes: 9 });
  const limit = "all project documents together may have 9 bytes (project_doc_max_bytes)";
  expect(docs.files).toEqual([join(root, "AGENTS.md")]);
  expect(docs.warnings).toEqual([
    `${join(root, "AGENTS.md")} was cut in line 3, after 9 of 13 bytes: ${limit}`,
    `${join(root, "a/AGENTS.md")} was left out: ${limit}`,
    `${join(root, "a/b/AGENTS.md")} was left out: ${limit}`,
  ]);
});

test("a document is cut between two characters", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, { "AGENTS.md": "aé€😀" });
  const shown = async (maxBytes: number): Promise<string | undefined> =>
    (await readProjectDocs(root, { ...options, maxBytes })).text?.split("\n\n[")[0];
  const all = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(shown));
  expect(all).toEqual(["a", "a", "aé", "aé", "aé", "aé€", "aé€", "aé€", "aé€", "aé€😀"]);
});

test("a folder that is reached through a link belongs to the project that it lies in", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, { "project/.git": "gitdir: elsewhere", "project/AGENTS.md": "root" });
  await tree(root, { "project/deep/AGENTS.md": "deep" });
  await symlink("project/deep", join(root, "link"));
  expect((await readProjectDocs(join(root, "link"), options)).text).toBe("root\n\ndeep");
});

test("a linked document is read, a folder of its name is not", async () => {
  await using folder = await temporaryDirectory();
  const root = abs(folder.path);
  await tree(root, { ".git/HEAD": "", "AGENTS.override.md/x": "", "docs/agents.md": "linked" });
  await symlink("docs/agents.md", join(root, "AGENTS.md"));
  expect((await readProjectDocs(root, options)).text).toBe("linked");
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

test("notes of the product's come after the project's documents", () => {
  expect(combineInstructions("mine", "project", ["note"])).toBe(
    "mine\n\n--- project-doc ---\n\nproject\n\nnote",
  );
  expect(combineInstructions(/*global*/ null, /*project*/ null, ["note"])).toBe("note");
});
