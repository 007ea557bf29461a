// Ordinary work goes on inside the sandbox: what a coding agent runs all day.
import { execFileSync } from "node:child_process";
import nodePath from "node:path";
import { findExecutable } from "@codex-ts/sandboxing";
import { describe, expect, test, vi } from "vitest";
import type { Confinement } from "./environment.ts";
import { collect, kinds, makeEnvironment } from "./test-environment.fixture.ts";

// Package managers and compilers take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const searchPath = process.env["PATH"] ?? "/usr/bin:/bin";
const has = (...programs: readonly string[]): boolean =>
  programs.every((name) => findExecutable(name, { searchPath, cwd: "/" }).found);

interface Errand {
  readonly title: string;
  readonly needs?: readonly string[];
  /** Writable besides the workspace and the temporary folders. */
  readonly roots?: readonly string[];
  readonly script: string;
  readonly prints: string;
}

const errands: readonly Errand[] = [
  {
    title: "node with a child of a child, synchronous and not",
    script: `cat > outer.mjs <<'END'
import { spawn, spawnSync } from "node:child_process";
console.log(spawnSync(process.execPath, ["-p", "1 + 1"], { encoding: "utf8" }).stdout.trim());
const child = spawn(process.execPath, ["-e", "require('child_process').execFile('echo', ['deep'], (e, out) => console.log(out.trim()))"]);
child.stdout.on("data", (data) => console.log(String(data).trim()));
END
"$NODE" outer.mjs`,
    prints: "2\ndeep\n",
  },
  {
    title: "npm, with scripts that call scripts",
    needs: ["npm"],
    script: `cat > package.json <<'END'
{ "name": "x", "scripts": { "prebuild": "echo before", "build": "node -p 1+1", "test": "npm run --silent build" } }
END
npm_config_cache="$PWD/.npm" npm_config_update_notifier=false npm test --silent`,
    prints: "before\n2\n",
  },
  {
    title: "python with processes and locks of its own",
    needs: ["python3"],
    // Locks between processes live there.
    roots: ["/dev/shm"],
    script: `cat > work.py <<'END'
import multiprocessing, subprocess, tempfile
def square(n): return n * n
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(square, [1, 2, 3]))
    print(subprocess.check_output(["echo", "child"], text=True).strip())
    with tempfile.TemporaryFile() as f: print(f.write(b"x"))
END
python3 work.py`,
    prints: "[1, 4, 9]\nchild\n1\n",
  },
  {
    title: "a test runner that collects its tests",
    needs: ["python3"],
    script: `mkdir -p tests && echo 'import unittest
class T(unittest.TestCase):
    def test_it(self): self.assertEqual(1 + 1, 2)' > tests/test_it.py
python3 -m unittest discover -s tests 2>&1 | tail -1`,
    prints: "OK\n",
  },
  {
    title: "make with jobs side by side",
    needs: ["make"],
    script: `printf 'all: a b\\na b:\\n\\t@echo $@ > $@.out\\n' > Makefile
make -s -j2 && cat a.out b.out`,
    prints: "a\nb\n",
  },
  {
    title: "a commit in a work tree of a repository inside the workspace",
    needs: ["git"],
    script: `export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x
git init -q -b main inner && cd inner && git commit -q --allow-empty -m one
git worktree add -q ../tree -b other 2>/dev/null && cd ../tree
echo text > file && git add file && git commit -q -m two && git log --format=%s`,
    prints: "two\none\n",
  },
  {
    title: "a build that compiles and runs",
    needs: ["cc"],
    script: `printf '#include <stdio.h>\\nint main(void) { puts("built"); }\\n' > main.c
cc main.c -o main && ./main`,
    prints: "built\n",
  },
  {
    title: "here-documents, pipes, substitutions and streams by name",
    script: `cat <<END > /dev/stdout
$(printf 'a\\nb\\n' | sort -r | head -1)
END
echo quiet > /dev/null; echo told > /dev/stderr; diff <(echo same) <(echo same) && echo equal`,
    prints: "b\nequal\n",
  },
  {
    title: "scripts with an interpreter line, and files that are made executable",
    script: `printf '#!/bin/sh\\necho ran\\n' > run.sh && chmod +x run.sh && ./run.sh`,
    prints: "ran\n",
  },
  {
    title: "background jobs, their end, and a trap",
    script: `trap 'echo trapped' USR1
(sleep 0.1; kill -USR1 $$) & wait $!; wait
sleep 100 & kill $!; wait $! 2>/dev/null; echo "done"`,
    prints: "trapped\ndone\n",
  },
];

/** Workspace-write as people use it, temporary folders included. */
function usual(confinement: Confinement, roots: readonly string[] = []): Confinement {
  if (confinement.kind === "unconfined") return confinement;
  const policy = { type: "workspace-write", writable_roots: roots } as const;
  return { ...confinement, context: { ...confinement.context, policy } };
}

describe.skipIf(process.platform !== "linux").each(kinds)("%s", (kind) => {
  test.each(errands)("$title", async ({ needs, roots, script, prints }) => {
    if (needs !== undefined && !has(...needs)) return;
    await using made = makeEnvironment(kind);
    const request = made.request(["bash", "-c", script]);
    const { command } = request;
    await using running = await made.environment.start({
      confinement: usual(request.confinement, roots),
      command: {
        ...command,
        env: { ...command.env, PATH: searchPath, NODE: process.execPath, HOME: command.cwd },
      },
    });
    const output = collect(running);
    const end = await running.closed;
    expect({
      stdout: output.stdout,
      exitCode: end.exitCode,
      stderr: end.exitCode === 0 ? "" : output.stderr,
    }).toEqual({
      stdout: prints,
      exitCode: 0,
      stderr: "",
    });
  });

  test("a commit in the workspace's own repository, when a person has opened .git", async () => {
    if (!has("git")) return;
    await using made = makeEnvironment(kind);
    const request = made.request([
      "bash",
      "-c",
      "git commit -q --allow-empty -m one && git log --format=%s",
    ]);
    const { command, confinement } = request;
    execFileSync("git", ["init", "-q"], { cwd: command.cwd });
    const git = nodePath.join(command.cwd, ".git");
    const env = {
      ...command.env,
      HOME: command.cwd,
      GIT_AUTHOR_NAME: "x",
      GIT_AUTHOR_EMAIL: "x@x",
      GIT_COMMITTER_NAME: "x",
      GIT_COMMITTER_EMAIL: "x@x",
    };
    const granted =
      confinement.kind === "sandboxed"
        ? {
            ...confinement,
            context: {
              ...confinement.context,
              additionalPermissions: { file_system: { write: [git] } },
            },
          }
        : confinement;
    await using running = await made.environment.start({
      command: { ...command, env },
      confinement: granted,
    });
    const output = collect(running);
    expect([(await running.closed).exitCode, output.stdout]).toEqual([0, "one\n"]);
  });
});
