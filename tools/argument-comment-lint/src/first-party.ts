// Which declarations are ours: those of the workspace's packages, whatever path leads to them.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, matchesGlob, relative, resolve, sep } from "node:path";

/** Whether the declarations of a file are first-party. */
export type FirstParty = (fileName: string) => boolean;

export interface FirstPartyOptions {
  /** Where the linted repository is, or a folder in it. */
  readonly cwd: string;
  /**
   * Globs of package names, or folders from the workspace's root on. Left out, every package of the
   * workspace is first-party.
   */
  readonly workspacePackages?: readonly string[] | undefined;
}

/** Makes the test; what it learns of the disk is kept, so make one for a whole run. */
export function createFirstParty(options: FirstPartyOptions): FirstParty {
  const root = findWorkspaceRoot(options.cwd);
  const wanted = options.workspacePackages;
  const folders = new Map<string, boolean>();
  const inFolder = (folder: string): boolean => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const answer = judgeFolder(folder);
    folders.set(folder, answer);
    return answer;
  };
  const judgeFolder = (folder: string): boolean => {
    const real = realpathSync(folder);
    const inside = relative(root, real);
    if (inside === ".." || inside.startsWith(`..${sep}`) || resolve(inside) === inside) {
      return false;
    }
    if (inside.split(sep).includes("node_modules")) return false;
    if (wanted === undefined) return true;
    const place = inside.split(sep).join("/");
    if (wanted.some((entry) => place === entry || place.startsWith(`${trimSlash(entry)}/`))) {
      return true;
    }
    const name = packageName(real, root);
    return name !== null && wanted.some((entry) => matchesGlob(name, entry));
  };
  return (fileName) => inFolder(dirname(fileName));
}

/**
 * The nearest folder, from `start` up, that says it is a workspace (`pnpm-workspace.yaml`, or
 * `workspaces` in package.json), else the nearest that has a package.json, else `start`.
 */
export function findWorkspaceRoot(start: string): string {
  let nearestPackage: string | null = null;
  for (let folder = realpathSync(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "pnpm-workspace.yaml"))) return folder;
    const manifest = readManifest(folder);
    if (manifest !== null) {
      if (manifest.workspaces !== undefined) return folder;
      nearestPackage ??= folder;
    }
    if (dirname(folder) === folder) return nearestPackage ?? realpathSync(start);
  }
}

export interface PackageManifest {
  readonly name?: string;
  readonly workspaces?: readonly string[] | { readonly packages?: readonly string[] };
}

/** Null when there is none, or one that is no JSON object. */
export function readManifest(folder: string): PackageManifest | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}

function packageName(folder: string, root: string): string | null {
  for (let at = folder; at !== root && dirname(at) !== at; at = dirname(at)) {
    const name = readManifest(at)?.name;
    if (name !== undefined) return name;
  }
  return readManifest(root)?.name ?? null;
}

function trimSlash(path: string): string {
  return path.replace(/^\.\//, "").replace(/\/$/, "");
}
