// Repositories of many shapes, made with git itself.
import { execFileSync } from "node:child_process";
import { appendFile, chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { hermeticGitEnv, temporaryDirectory } from "@codex-ts/test-support";

export interface Place {
  /** An empty folder for the shape alone. */
  readonly folder: AbsolutePath;
  readonly git: (cwd: string, ...args: string[]) => string;
  readonly env: Record<string, string>;
}

export type Shape = (place: Place) => Promise<AbsolutePath>;

export async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(fromAbsolute(root), name);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, content);
  }
}

const baseFiles = { "a.txt": "a\n", "sub/b.txt": "b\n", "gone.txt": "gone\n" };

/** A repository with a few committed files. */
async function base(place: Place, name = "repo", ...init: string[]): Promise<AbsolutePath> {
  const root = join(place.folder, name);
  await mkdir(root, { recursive: true });
  place.git(root, "init", "-q", "-b", "main", "--template=", ...init);
  await write(root, baseFiles);
  commitAll(place, root);
  return root;
}

function commitAll({ git }: Place, root: string): void {
  git(root, "add", "--all", "--force");
  git(root, "commit", "-qm", "Commit");
}

/** A repository with another as the submodule `mod`. */
async function baseWithSubmodule(place: Place): Promise<AbsolutePath> {
  const inner = await base(place, "inner");
  const root = await base(place);
  const allowFile = ["-c", "protocol.file.allow=always"];
  place.git(root, ...allowFile, "submodule", "--quiet", "add", inner, "mod");
  commitAll(place, root);
  return root;
}

/** Repositories of many shapes, by what is special about each. */
export const shapes: Readonly<Record<string, Shape>> = {
  "a clean repository": (place) => base(place),
  "changes of the person's before the turn": async (place) => {
    const root = await base(place);
    await write(root, { "a.txt": "edited\n", "new/n.txt": "n\n", "sub/b.txt": "staged\n" });
    place.git(root, "add", "sub/b.txt");
    await write(root, { "sub/b.txt": "and more\n" });
    await rm(join(root, "gone.txt"));
    return root;
  },
  "a path with spaces, quotes and a line break": (place) => base(place, `a "b" 'c'\nd`),
  "names with spaces, line breaks, quotes, stars, colons and dashes": async (place) => {
    const root = await base(place);
    await write(root, {
      "two words.txt": "1",
      "line\nbreak.txt": "2",
      '"quoted".txt': "3",
      "tab\there": "4",
      "*.txt": "5",
      ":(glob)x": "6",
      "-n": "7",
      "back\\slash": "8",
      "üñï.txt": "9",
    });
    commitAll(place, root);
    await write(root, { "*.txt": "edited", '"new"\n.txt': "untracked", "-x": "untracked" });
    return root;
  },
  "names that are not UTF-8": async (place) => {
    const root = await base(place);
    const file = (bytes: number[]) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(bytes)]);
    await writeFile(file([0x63, 0xe9]), "tracked");
    commitAll(place, root);
    await writeFile(file([0x63, 0xe9]), "edited");
    await writeFile(file([0xff, 0xfe, 0x22]), "untracked");
    return root;
  },
  "line endings converted by core.autocrlf": async (place) => {
    const root = await base(place);
    await write(root, { "crlf.txt": "1\r\n2\r\n", "lf.txt": "1\n2\n", "mixed.txt": "1\r\n2\n" });
    place.git(root, "config", "core.autocrlf", "true");
    commitAll(place, root);
    await appendFile(join(root, "mixed.txt"), "3\r\n4\n");
    return root;
  },
  "line endings converted by attributes in a subfolder": async (place) => {
    const root = await base(place);
    await write(root, { "sub/.gitattributes": "*.txt text=auto\n", "sub/crlf.txt": "1\r\n2\r\n" });
    commitAll(place, root);
    await write(root, { "sub/mixed.txt": "1\r\n2\n" });
    return root;
  },
  "keywords and encodings converted by attributes": async (place) => {
    const root = await base(place);
    await write(root, {
      ".gitattributes": "*.id ident\n*.u16 working-tree-encoding=UTF-16LE\n",
      "x.id": "$Id$\n",
    });
    await writeFile(join(root, "x.u16"), Buffer.from("text\n", "utf16le"));
    commitAll(place, root);
    await rm(join(root, "x.id"));
    place.git(root, "checkout", "--", "x.id");
    return root;
  },
  "a filter of the person's own configuration": async (place) => {
    const root = await base(place);
    await write(place.folder, {
      home: '[filter "case"]\n\tclean = tr a-z A-Z\n\tsmudge = tr A-Z a-z\n',
    });
    place.env["GIT_CONFIG_GLOBAL"] = join(place.folder, "home");
    await write(root, { ".gitattributes": "*.low filter=case\n", "x.low": "words\n" });
    commitAll(place, root);
    return root;
  },
  "no commit": async (place) => {
    const root = join(place.folder, "repo");
    await mkdir(root);
    place.git(root, "init", "-q");
    await write(root, { "a.txt": "a\n", "gone.txt": "gone\n" });
    place.git(root, "add", "a.txt");
    return root;
  },
  "an empty folder": async (place) => {
    const root = join(place.folder, "repo");
    await mkdir(root);
    place.git(root, "init", "-q");
    return root;
  },
  "a detached head": async (place) => {
    const root = await base(place);
    place.git(root, "checkout", "-q", "--detach");
    return root;
  },
  "a linked worktree": async (place) => {
    const root = await base(place);
    const linked = join(place.folder, "linked tree");
    place.git(root, "worktree", "add", "-q", "-b", "other", linked);
    return linked;
  },
  "a submodule, and the inside of one": async (place) => {
    const root = await baseWithSubmodule(place);
    await write(root, { "mod/dirty.txt": "mine\n" });
    return root;
  },
  "the inside of a submodule": async (place) => {
    const root = await baseWithSubmodule(place);
    return join(root, "mod");
  },
  "a git folder elsewhere": async (place) =>
    base(place, "repo", `--separate-git-dir=${join(place.folder, "store.git")}`),
  "object names of SHA-256": (place) => base(place, "repo", "--object-format=sha256"),
  "a merge that stopped at a conflict": async (place) => {
    const root = await base(place);
    place.git(root, "checkout", "-qb", "side");
    await write(root, { "sub/b.txt": "side\n" });
    commitAll(place, root);
    place.git(root, "checkout", "-q", "main");
    await write(root, { "sub/b.txt": "main\n" });
    commitAll(place, root);
    try {
      place.git(root, "merge", "-q", "side");
    } catch {
      return root;
    }
    throw new Error("the merge did not stop");
  },
  "a sparse checkout": async (place) => {
    const root = await base(place);
    await write(root, { "far/away.txt": "far\n" });
    commitAll(place, root);
    place.git(root, "sparse-checkout", "set", "sub");
    return root;
  },
  "a shallow clone": async (place) => {
    const source = await base(place, "source");
    commitAll(place, await write(source, { more: "1" }).then(() => source));
    const root = join(place.folder, "repo");
    place.git(place.folder, "clone", "-q", "--depth=1", `file://${source}`, root);
    return root;
  },
  "a staged rename": async (place) => {
    const root = await base(place);
    place.git(root, "mv", "a.txt", "sub/renamed.txt");
    await write(root, { "sub/renamed.txt": "a\nand more\n" });
    return root;
  },
  "another repository inside": async (place) => {
    const root = await base(place);
    const inner = await base(place, "repo/vendor/inner");
    await write(inner, { "dirty.txt": "mine\n" });
    return root;
  },
  "a large file": async (place) => {
    const root = await base(place);
    await write(root, { "mine.bin": "y".repeat(10 * 1024 * 1024 + 1) });
    return root;
  },
  "a repository reached through a link": async (place) => {
    const root = await base(place);
    await symlink(root, join(place.folder, "link"));
    return join(place.folder, "link");
  },
  "links, executables and ignored files": async (place) => {
    const root = await base(place);
    await write(root, { ".gitignore": "ignored/\n", "run.sh": "#!/bin/sh\n", "ignored/x": "mine" });
    await chmod(join(root, "run.sh"), 0o755);
    await symlink("missing", join(root, "dangling"));
    place.git(root, "add", "--all");
    place.git(root, "commit", "-qm", "More");
    await rename(join(root, "run.sh"), join(root, "moved.sh"));
    return root;
  },
};

/** 10,000 files of the same content in 100 folders below `many`. */
export const manyFiles: Shape = async (place) => {
  const root = await base(place);
  for (let number = 0; number < 100; number += 1) {
    const folder = join(root, `many/${number}`);
    await mkdir(folder, { recursive: true });
    const files = Array.from({ length: 100 }, (_, file) => join(folder, String(file)));
    await Promise.all(files.map((file) => writeFile(file, "same\n")));
  }
  commitAll(place, root);
  return root;
};

/** A shape in a folder of its own, removed when it is disposed of. */
export async function makeShape(shape: Shape) {
  const folder = await temporaryDirectory();
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder.path,
    ...hermeticGitEnv,
  };
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: "pipe" });
  const root = await shape({ folder: folder.path, git, env });
  return { root, env, git, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
