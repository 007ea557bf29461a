// A repository's head, branch and remotes, read from its files: no process, and no git needed.
import { lstat, readFile } from "node:fs/promises";
import { type AbsolutePath, join, parent, resolve } from "@codex-ts/absolute-path";
import type { GitInfo } from "@codex-ts/protocol";

/** The nearest ancestor of `path` (itself included) that holds a `.git` folder or file; or null. */
export async function findRepositoryRoot(path: AbsolutePath): Promise<AbsolutePath | null> {
  for (let folder: AbsolutePath | null = path; folder !== null; folder = parent(folder)) {
    const found = await lstat(join(folder, ".git")).then(
      () => true,
      () => false,
    );
    if (found) return folder;
  }
  return null;
}

interface RepositoryFolders {
  /** Where HEAD is: a worktree has its own. */
  readonly gitDir: AbsolutePath;
  /** Where refs and the config are. */
  readonly commonDir: AbsolutePath;
}

async function repositoryFolders(root: AbsolutePath): Promise<RepositoryFolders> {
  const dotGit = join(root, ".git");
  let gitDir = dotGit;
  if ((await lstat(dotGit)).isFile()) {
    const pointer = (await readFile(dotGit, "utf8")).trim();
    const target = /^gitdir:\s*(.+)$/.exec(pointer)?.[1];
    if (target !== undefined) gitDir = resolve(target, root);
  }
  const common = await readText(join(gitDir, "commondir"));
  return { gitDir, commonDir: common === null ? gitDir : resolve(common.trim(), gitDir) };
}

async function readText(path: AbsolutePath): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}

/**
 * The commit, branch and `origin` URL of the repository around `cwd`; undefined outside of one. Parts
 * that cannot be read (no commit yet, a detached head, no remote) are left out. Credentials in the
 * URL are removed.
 */
export async function readGitInfo(cwd: AbsolutePath): Promise<GitInfo | undefined> {
  const root = await findRepositoryRoot(cwd);
  if (root === null) return undefined;
  try {
    const folders = await repositoryFolders(root);
    const [head, config] = await Promise.all([
      readHead(folders),
      readText(join(folders.commonDir, "config")),
    ]);
    const url = config === null ? null : originUrl(config);
    return {
      ...(head.commit === null ? {} : { commit_hash: head.commit }),
      ...(head.branch === null ? {} : { branch: head.branch }),
      ...(url === null ? {} : { repository_url: url }),
    };
  } catch {
    return undefined;
  }
}

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

async function readHead(
  folders: RepositoryFolders,
): Promise<{ readonly commit: string | null; readonly branch: string | null }> {
  const head = (await readText(join(folders.gitDir, "HEAD")))?.trim() ?? "";
  const ref = /^ref:\s*(\S+)$/.exec(head)?.[1];
  if (ref === undefined) return { commit: COMMIT.test(head) ? head : null, branch: null };
  return {
    commit: await resolveRef(folders, ref),
    branch: ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null,
  };
}

async function resolveRef(folders: RepositoryFolders, ref: string): Promise<string | null> {
  const loose =
    (await readText(join(folders.gitDir, ref))) ?? (await readText(join(folders.commonDir, ref)));
  if (loose !== null) {
    const commit = loose.trim();
    return COMMIT.test(commit) ? commit : null;
  }
  const packed = await readText(join(folders.commonDir, "packed-refs"));
  for (const line of packed?.split("\n") ?? []) {
    const [commit, name] = line.split(" ");
    if (name === ref && commit !== undefined && COMMIT.test(commit)) return commit;
  }
  return null;
}

function originUrl(config: string): string | null {
  let inOrigin = false;
  for (const line of config.split("\n")) {
    const text = line.trim();
    if (text.startsWith("[")) inOrigin = text.startsWith('[remote "origin"]');
    else if (inOrigin) {
      const url = /^url\s*=\s*(.+)$/.exec(text)?.[1];
      if (url !== undefined) return withoutCredentials(url.trim());
    }
  }
  return null;
}

/** The URL without a user name and password in it. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
}
