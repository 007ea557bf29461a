// The packages of a workspace, their source files, and the tsconfigs that cover them.
import { existsSync, globSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";
import { parse } from "yaml";
import { readManifest } from "./first-party.ts";
import { type TargetKind, targetKind } from "./targets.ts";

export interface SourceFile {
  readonly path: string;
  readonly kind: TargetKind;
}

export interface WorkspacePackage {
  readonly name: string;
  readonly folder: string;
  readonly files: readonly SourceFile[];
}

/** The packages of the workspace at `root`, the root itself among them, by folder. */
export function readPackages(root: string): readonly WorkspacePackage[] {
  const folders = new Set([root]);
  for (const pattern of workspacePatterns(root)) {
    for (const manifest of globSync(`${pattern.replace(/\/$/, "")}/package.json`, {
      cwd: root,
      exclude: (name) => name === "node_modules",
    })) {
      folders.add(dirname(join(root, manifest)));
    }
  }
  return [...folders].toSorted().map((folder) => ({
    name: readManifest(folder)?.name ?? relative(root, folder),
    folder,
    files: sourceFiles(folder, folders).map((path) => ({
      path,
      kind: targetKind(relative(folder, path).split(sep).join("/")),
    })),
  }));
}

function workspacePatterns(root: string): readonly string[] {
  const file = join(root, "pnpm-workspace.yaml");
  if (existsSync(file)) {
    const value = parse(readFileSync(file, "utf8")) as { packages?: readonly string[] } | null;
    return (value?.packages ?? []).filter((pattern) => !pattern.startsWith("!"));
  }
  const workspaces = readManifest(root)?.workspaces ?? [];
  return "packages" in workspaces ? (workspaces.packages ?? []) : (workspaces as readonly string[]);
}

const skipped = new Set(["node_modules", "dist", "coverage", "fixtures", "__fixtures__"]);

/** TypeScript sources under a folder, without those of packages inside it. */
function sourceFiles(folder: string, packages: ReadonlySet<string>): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        const left = skipped.has(entry.name) || entry.name.startsWith(".") || packages.has(path);
        return left ? [] : sourceFiles(path, packages);
      }
      return /(?<!\.d)\.[cm]?tsx?$/.test(entry.name) ? [path] : [];
    });
}

export interface Project {
  /** The tsconfig. */
  readonly path: string;
  readonly files: ReadonlySet<string>;
}

/** A tsconfig that the compiler cannot read; the message is the compiler's. */
export class ProjectError extends Error {
  override readonly name = "ProjectError";
  readonly code = "project";
}

/**
 * The tsconfigs of the root and of the packages that are no mere base of others, those with the most
 * files first.
 *
 * @throws ProjectError
 */
export function readProjects(root: string, packages: readonly WorkspacePackage[]): Project[] {
  const paths = [...new Set([root, ...packages.map(({ folder }) => folder)])].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^tsconfig(\..+)?\.json$/.test(name))
      .map((name) => join(folder, name)),
  );
  const bases = new Set(paths.flatMap(extended));
  return paths
    .filter((path) => !bases.has(path))
    .map(readProject)
    .filter(({ files }) => files.size > 0)
    .toSorted((one, other) => other.files.size - one.files.size);
}

/** @throws ProjectError */
export function readProject(path: string): Project {
  const parsed = parsedConfig(path);
  return { path, files: new Set(parsed.fileNames) };
}

/** @throws ProjectError */
export function parsedConfig(path: string): ts.ParsedCommandLine {
  const fail = (diagnostic: ts.Diagnostic): never => {
    throw new ProjectError(
      `${path}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")}`,
    );
  };
  const parsed = ts.getParsedCommandLineOfConfigFile(path, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: fail,
  });
  // Code 18002 and 18003: a file of references only has no inputs of its own.
  const wrong = parsed?.errors.find(({ code }) => code !== 18_002 && code !== 18_003);
  if (wrong !== undefined) fail(wrong);
  if (parsed === undefined) throw new ProjectError(`${path} cannot be read`);
  return parsed;
}

function extended(path: string): string[] {
  const { config } = ts.readConfigFile(path, ts.sys.readFile) as {
    config?: { extends?: string | readonly string[] };
  };
  return [config?.extends ?? []].flat().map((base) => join(dirname(path), base));
}

/** The fewest projects, largest first, that cover the files, and the files that none covers. */
export function cover(
  files: readonly string[],
  projects: readonly Project[],
): { readonly projects: readonly Project[]; readonly uncovered: readonly string[] } {
  let uncovered = files;
  const chosen: Project[] = [];
  for (const project of projects) {
    const left = uncovered.filter((file) => !project.files.has(file));
    if (left.length < uncovered.length) chosen.push(project);
    uncovered = left;
  }
  return { projects: chosen, uncovered };
}
