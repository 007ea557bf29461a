// Runs fixtures/patches.json, the published cases of the patch language, on a real disk.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import { ApplyPatchError, PatchParseError, applyPatch } from "./index.ts";

type Content = string | { readonly hex: string };

interface Case {
  readonly rule: string;
  readonly files: Readonly<Record<string, Content>>;
  readonly patch: readonly string[];
  readonly expect:
    | { readonly files: Readonly<Record<string, Content>> }
    | { readonly error: string; readonly line?: number };
}

const cases = JSON.parse(
  await readFile(new URL("../fixtures/patches.json", import.meta.url), "utf8"),
) as readonly Case[];

function toBytes(content: Content): Buffer {
  return typeof content === "string" ? Buffer.from(content) : Buffer.from(content.hex, "hex");
}

function asHex(files: Readonly<Record<string, Content>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [path, toBytes(content).toString("hex")]),
  );
}

async function readTree(root: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = nodePath.join(entry.parentPath, entry.name);
    const name = nodePath.relative(root, path).replaceAll("\\", "/");
    tree[name] = (await readFile(path)).toString("hex");
  }
  return tree;
}

interface Outcome {
  readonly error: string | null;
  readonly line: number | null;
  readonly files: Readonly<Record<string, string>>;
}

async function run(text: string, root: string): Promise<Outcome> {
  try {
    await applyPatch(text, { cwd: fromAbsolute(root) });
    return { error: null, line: null, files: await readTree(root) };
  } catch (error) {
    if (!(error instanceof ApplyPatchError)) throw error;
    const line = error instanceof PatchParseError ? error.line : null;
    return { error: error.code, line, files: await readTree(root) };
  }
}

test.each(cases)("$rule", async ({ files, patch, expect: expected }) => {
  const root = await mkdtemp(nodePath.join(tmpdir(), "apply-patch-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      const target = nodePath.join(root, path);
      await mkdir(nodePath.dirname(target), { recursive: true });
      await writeFile(target, toBytes(content));
    }
    const outcome: Outcome =
      "files" in expected
        ? { error: null, line: null, files: asHex(expected.files) }
        : { error: expected.error, line: expected.line ?? null, files: asHex(files) };
    expect(await run(patch.join("\n"), root)).toEqual(outcome);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
