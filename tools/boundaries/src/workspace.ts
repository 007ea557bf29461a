// Reads the workspace as it lies on disk: packages, their manifests, tsconfigs and source files.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { findNodeAtLocation, parse, parseTree, printParseErrorCode } from "jsonc-parser";
import type { JSONPath, Node, ParseError } from "jsonc-parser";
import { scope } from "./floors.ts";

/** The folders that hold packages, one a sub-folder, as pnpm-workspace.yaml lists them. */
const packageParents = ["packages", "apps", "tools", "examples"] as const;

export const dependencyKinds = [
  "dependencies",
  "peerDependencies",
  "optionalDependencies",
  "devDependencies",
] as const;

export type DependencyKind = (typeof dependencyKinds)[number];

/** A JSON file that can say on which line a key stands. */
export interface JsonFile {
  /** Path from the workspace root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly value: unknown;
  /** The 1-based line of the property or element at `path`; 1 when there is none. */
  lineOf(path: JSONPath): number;
  nodeAt(path: JSONPath): Node | undefined;
}

export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly description?: string;
  readonly repository?: { readonly directory?: string };
  readonly files?: readonly string[];
  readonly sideEffects?: boolean | readonly string[];
  readonly exports?: Readonly<Record<string, ExportTarget>>;
  /** Programs by name; the short form for one program is not used here. */
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
  readonly publishConfig?: {
    readonly access?: string;
    readonly provenance?: boolean;
    readonly exports?: Readonly<Record<string, ExportTarget>>;
  };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export type ExportTarget = string | Readonly<Record<string, string>>;

export interface SourceFile {
  /** Path from the workspace root, with forward slashes. */
  readonly path: string;
  /** Path from the package folder, with forward slashes. */
  readonly inPackage: string;
  readonly text: string;
  /** A test, benchmark or example: not part of what is published. */
  readonly forDevelopment: boolean;
}

export interface WorkspacePackage {
  readonly name: string;
  /** `packages/x`, `apps/x`, `tools/x` or `examples/x`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly manifestFile: JsonFile;
  readonly tsconfigFile: JsonFile | undefined;
  readonly readme: string | undefined;
  readonly files: readonly SourceFile[];
}

export interface Workspace {
  readonly root: string;
  readonly packages: readonly WorkspacePackage[];
  readonly byName: ReadonlyMap<string, WorkspacePackage>;
  /** The root tsconfig.json. */
  readonly tsconfigFile: JsonFile | undefined;
}

/** A file of the workspace cannot be read as what it should be. */
export class WorkspaceError extends Error {
  readonly code = "malformed_file";

  constructor(file: string, line: number, problem: string) {
    super(`${file}:${line}: ${problem}. Correct the file and run the check again.`);
    this.name = "WorkspaceError";
  }
}

/** The package that a bare specifier names: `@codex-ts/x/sub` is package `@codex-ts/x`. */
export function packageOfSpecifier(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Whether a package name is, or pretends to be, one of this workspace's. */
export function isWorkspaceName(workspace: Workspace, name: string): boolean {
  return name.startsWith(scope) || workspace.byName.has(name);
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function readJson(root: string, path: string): JsonFile {
  const text = readFileSync(join(root, path), "utf8");
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first !== undefined) {
    const problem = `not valid JSON (${printParseErrorCode(first.error)})`;
    throw new WorkspaceError(path, lineAt(text, first.offset), problem);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WorkspaceError(path, /*line*/ 1, "a JSON object was expected");
  }
  const tree = parseTree(text);
  const nodeAt = (at: JSONPath) => (tree === undefined ? undefined : findNodeAtLocation(tree, at));
  return {
    path,
    text,
    value,
    nodeAt,
    lineOf: (at) => lineAt(text, nodeAt(at)?.offset ?? 0),
  };
}

function readOptionalJson(root: string, path: string): JsonFile | undefined {
  return existsSync(join(root, path)) ? readJson(root, path) : undefined;
}

const skippedFolders = new Set(["node_modules", "dist", "fixtures", "coverage", ".turbo"]);
const developmentFolders = /(^|\/)(test|tests|testing|bench|examples)\//;
const developmentNames = /\.(test|fixture|bench|test-d)\.[cm]?[jt]sx?$/;

function* sourcePaths(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skippedFolders.has(entry.name)) yield* sourcePaths(path);
    } else if (/\.[cm]?[jt]sx?$/.test(entry.name)) {
      yield path;
    }
  }
}

function readPackage(root: string, folder: string): WorkspacePackage {
  const manifestFile = readJson(root, `${folder}/package.json`);
  const manifest = manifestFile.value as Manifest;
  const readmePath = join(root, folder, "README.md");
  const files = [...sourcePaths(join(root, folder))].map((path): SourceFile => {
    const inPackage = relative(join(root, folder), path).split(sep).join("/");
    return {
      path: `${folder}/${inPackage}`,
      inPackage,
      text: readFileSync(path, "utf8"),
      forDevelopment: developmentNames.test(inPackage) || developmentFolders.test(inPackage),
    };
  });
  return {
    name: manifest.name ?? folder,
    folder,
    manifest,
    manifestFile,
    tsconfigFile: readOptionalJson(root, `${folder}/tsconfig.json`),
    readme: existsSync(readmePath) ? readFileSync(readmePath, "utf8") : undefined,
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/**
 * Reads every package of the workspace at `root`.
 *
 * @throws {WorkspaceError} when a package.json or tsconfig.json is not a JSON object.
 */
export function readWorkspace(root: string): Workspace {
  const packages: WorkspacePackage[] = [];
  for (const parent of packageParents) {
    if (!existsSync(join(root, parent))) continue;
    for (const entry of readdirSync(join(root, parent), { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const folder = `${parent}/${entry.name}`;
      if (existsSync(join(root, folder, "package.json"))) packages.push(readPackage(root, folder));
    }
  }
  packages.sort((a, b) => (a.folder < b.folder ? -1 : 1));
  return {
    root,
    packages,
    byName: new Map(packages.map((found) => [found.name, found])),
    tsconfigFile: readOptionalJson(root, "tsconfig.json"),
  };
}
