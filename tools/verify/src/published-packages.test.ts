import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { WorkspacePackage } from "@codex-ts/boundaries";
import { expect, onTestFinished, test } from "vitest";
import { loadProblems, typeProblems, writeProject } from "./consumer.ts";
import type { PackedPackage } from "./pack.ts";
import { lintManifests, lintTypes } from "./package-lint.ts";
import { installedProgram } from "./run-command.ts";

const root = resolve(import.meta.dirname, "../../..");

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "verify-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const soundManifest = {
  name: "@codex-ts/planted",
  version: "0.1.0",
  license: "Apache-2.0",
  type: "module",
  files: ["dist"],
  exports: {
    ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
    "./package.json": "./package.json",
  },
  engines: { node: ">=22.19" },
  sideEffects: false,
};

const soundFiles = {
  "dist/index.js": "export function one() {\n  return 1;\n}\n",
  "dist/index.d.ts": "export declare function one(): number;\n",
};

/** A tarball of a package whose files are the sound ones, with `changes` made to them. */
function plant(folder: string, changes: Readonly<Record<string, string>> = {}): PackedPackage {
  const files = {
    "package.json": JSON.stringify(soundManifest),
    LICENSE: "Apache-2.0\n",
    ...soundFiles,
    ...changes,
  };
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, "package", path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  const tarball = join(folder, "planted.tgz");
  execFileSync("tar", ["-czf", tarball, "-C", folder, "package"]);
  const found = {
    name: soundManifest.name,
    folder: "packages/planted",
    manifest: JSON.parse(files["package.json"]) as WorkspacePackage["manifest"],
  } as WorkspacePackage;
  return { found, tarball, entries: ["."] };
}

/** A consumer with the planted package laid into its node_modules, as an install would. */
async function plantConsumer(changes: Readonly<Record<string, string>> = {}) {
  const folder = scratch();
  const one = plant(folder, changes);
  const consumer = join(folder, "consumer");
  await writeProject(consumer, [one], "*");
  mkdirSync(join(consumer, "node_modules/@types"), { recursive: true });
  cpSync(join(folder, "package"), join(consumer, "node_modules", soundManifest.name), {
    recursive: true,
  });
  symlinkSync(
    join(root, "node_modules/@types/node"),
    join(consumer, "node_modules/@types/node"),
    "junction",
  );
  mkdirSync(join(consumer, "node_modules/.bin"));
  for (const [name, file] of Object.entries(one.found.manifest.bin ?? {})) {
    const program = join(consumer, "node_modules", soundManifest.name, file);
    chmodSync(program, 0o755);
    symlinkSync(program, join(consumer, "node_modules/.bin", name));
  }
  return { consumer, one };
}

const compiler = installedProgram(root, "tsc");

test("a sound package passes every look at it", async () => {
  const packed = [plant(scratch())];
  expect(await lintManifests(packed)).toEqual({
    passed: 1,
    failed: 0,
    note: "1 packages",
    output: "",
  });
  expect(await lintTypes(packed)).toEqual({
    passed: 1,
    failed: 0,
    note: "1 packages",
    output: "",
  });
  const { consumer, one } = await plantConsumer();
  expect(await typeProblems(consumer, compiler)).toEqual([]);
  expect(await loadProblems(consumer, [one])).toEqual([]);
});

test("an entry whose file is missing fails the manifest lint", async () => {
  const manifest = structuredClone(soundManifest);
  manifest.exports["."].default = "./dist/gone.js";
  const result = await lintManifests([
    plant(scratch(), { "package.json": JSON.stringify(manifest) }),
  ]);
  expect(result.failed).toBe(1);
  expect(result.output).toContain("@codex-ts/planted: ");
  expect(result.output).toContain("./dist/gone.js");
});

test("an entry without types fails the types lint", async () => {
  const manifest = structuredClone(soundManifest);
  manifest.exports["."] = { types: "./dist/gone.d.ts", default: "./dist/bare.js" };
  const result = await lintTypes([
    plant(scratch(), {
      "package.json": JSON.stringify(manifest),
      "dist/bare.js": "export const one = 1;\n",
    }),
  ]);
  expect(result.failed).toBe(1);
  expect(result.output).toContain("UntypedResolution");
});

test("declarations that import what the package does not depend on fail the strict program", async () => {
  const { consumer } = await plantConsumer({
    "dist/index.d.ts":
      'import type { Two } from "undeclared";\nexport declare function one(): Two;\n',
  });
  const problems = await typeProblems(consumer, compiler);
  expect(problems).toHaveLength(2);
  expect(problems[0]).toContain("Cannot find module 'undeclared'");
});

test("a package that prints when it is loaded is caught", async () => {
  const { consumer, one } = await plantConsumer({
    "dist/index.js": 'console.log("hello");\nexport const one = () => 1;\n',
  });
  expect(await loadProblems(consumer, [one])).toEqual([
    "@codex-ts/planted prints when it is loaded:\nhello\n",
  ]);
});

test("a package that cannot be required is caught", async () => {
  const { consumer, one } = await plantConsumer({
    "dist/index.js": "export const one = await Promise.resolve(1);\n",
  });
  const [problem] = await loadProblems(consumer, [one]);
  expect(problem).toContain("ERR_REQUIRE_ASYNC_MODULE");
});

test("a program that does not say its version is caught", async () => {
  const manifest = { ...soundManifest, bin: { planted: "./dist/planted.js" } };
  const text = JSON.stringify(manifest);
  const sound = await plantConsumer({
    "package.json": text,
    "dist/planted.js": '#!/usr/bin/env node\nconsole.log("planted 0.1.0");\n',
  });
  expect(await loadProblems(sound.consumer, [sound.one])).toEqual([]);
  const faulty = await plantConsumer({
    "package.json": text,
    "dist/planted.js": '#!/usr/bin/env node\nconsole.log("hello");\n',
  });
  expect(await loadProblems(faulty.consumer, [faulty.one])).toEqual([
    "planted --version does not print its version:\nhello\n",
  ]);
});
