// Finding skills below their roots.
import { type Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { Skill, SkillProblem, SkillRoot, SkillScope } from "./skill.ts";
import { readSkillExtras } from "./skill-extras.ts";
import { readFrontMatter } from "./skill-file.ts";

/** What lies below the roots. */
export interface LoadedSkills {
  /** Sorted by scope, name and path. */
  readonly skills: readonly Skill[];
  /** Files that are not skills although they should be, and what was left out of others. */
  readonly problems: readonly SkillProblem[];
}

/** `signal` ends the search. */
export interface LoadSkillsOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Folders below a root that a skill may be deep. */
const maxDepth = 6;
/** Folders that are looked at below one root. */
const maxFolders = 2000;

const scopes: readonly SkillScope[] = ["repo", "user", "system", "admin"];

/**
 * Loads the skills below the roots. Roots that do not exist are passed over; a file that lies below
 * two roots is the first one's; skills of one name are all kept. A broken skill is a problem in the
 * result and does not stop the others.
 * @throws the signal's reason
 */
export async function loadSkills(
  roots: readonly SkillRoot[],
  { signal }: LoadSkillsOptions = {},
): Promise<LoadedSkills> {
  const skills: Skill[] = [];
  const problems: SkillProblem[] = [];
  const seen = new Set<AbsolutePath>();
  for (const root of roots) {
    const found = await findSkillFiles(root, signal);
    // The product's own skills are not the person's to mend.
    const report = root.scope === "system" ? [] : problems;
    report.push(...found.problems);
    for (const { folder, path } of found.files) {
      if (seen.has(path)) continue;
      seen.add(path);
      signal?.throwIfAborted();
      const [front, extra] = await Promise.all([readFrontMatter(path), readSkillExtras(folder)]);
      if ("problem" in front) {
        report.push(front.problem);
        continue;
      }
      report.push(...extra.problems);
      const { name } = front.value;
      skills.push({
        ...front.value,
        ...extra.extras,
        name: root.plugin === undefined ? name : `${root.plugin}:${name}`,
        path,
        folder,
        scope: root.scope,
      });
    }
  }
  return {
    skills: skills.toSorted(
      (a, b) =>
        scopes.indexOf(a.scope) - scopes.indexOf(b.scope) ||
        order(a.name, b.name) ||
        order(a.path, b.path),
    ),
    problems,
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface SkillFile {
  readonly folder: AbsolutePath;
  readonly path: AbsolutePath;
}

async function findSkillFiles(
  { path: rootPath, scope }: SkillRoot,
  signal: AbortSignal | undefined,
): Promise<{ readonly files: readonly SkillFile[]; readonly problems: readonly SkillProblem[] }> {
  const files: SkillFile[] = [];
  const problems: SkillProblem[] = [];
  const warn = (path: AbsolutePath, message: string) => {
    problems.push({ severity: "warning", path, line: null, message });
  };
  const root = await canonicalFolder(rootPath);
  if (root === null) return { files, problems };
  const visited = new Set([root]);
  let isFull = false;
  const queue: { readonly folder: AbsolutePath; readonly depth: number }[] = [
    { folder: root, depth: 0 },
  ];
  for (const { folder, depth } of queue) {
    signal?.throwIfAborted();
    let entries: Dirent[];
    try {
      entries = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      warn(folder, `The folder cannot be read: ${(error as Error).message}`);
      continue;
    }
    for (const entry of entries.toSorted((a, b) => order(a.name, b.name))) {
      if (entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isFile()) {
        if (entry.name === "SKILL.md") files.push({ folder, path });
        continue;
      }
      const isLink = entry.isSymbolicLink();
      if (depth >= maxDepth || (isLink && scope === "system")) continue;
      if (!isLink && !entry.isDirectory()) continue;
      const target = await canonicalFolder(path);
      if (target === null || visited.has(target)) continue;
      if (visited.size >= maxFolders) {
        if (!isFull) {
          warn(rootPath, `There are more than ${maxFolders} folders; the others are not searched.`);
        }
        isFull = true;
        continue;
      }
      visited.add(target);
      queue.push({ folder: target, depth: depth + 1 });
    }
  }
  return { files, problems };
}

/** The folder that a path leads to, free of links; null when there is none. */
async function canonicalFolder(path: AbsolutePath): Promise<AbsolutePath | null> {
  try {
    const target = fromAbsolute(await realpath(path));
    return (await stat(target)).isDirectory() ? target : null;
  } catch {
    return null;
  }
}
