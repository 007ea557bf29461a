// What a turn did to files is undone, and nothing else.
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { defaultFeatures } from "@codex-ts/features";
import type { Event } from "@codex-ts/protocol";
import { functionCall, message, respond, type Script } from "@codex-ts/scripted-model";
import { hermeticGitEnv } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { toolsAfterSnapshot } from "./ghost-snapshots.ts";
import type { Thread } from "./index.ts";
import {
  eventsUntil,
  readLines,
  say,
  type ThreadWorld,
  threadWorld,
  turnEnded,
} from "./testing/thread-world.ts";

const ok = respond([message("ok")]);
const features = defaultFeatures().with({ undo: true });
let calls = 0;
const runs = (cmd: string) =>
  respond([functionCall({ name: "exec_command", args: { cmd }, callId: `call-${(calls += 1)}` })]);

/** A thread in a repository with `a.txt` and `b.txt`, where each script entry is a turn's command. */
async function world(commands: readonly string[], config: ThreadWorld["config"] | object = {}) {
  const script: Script = commands.flatMap((command) => [runs(command), ok]);
  const made = await threadWorld({ script, config: { features, ...config } });
  const { cwd } = made.config;
  const git = (...args: string[]): string =>
    execFileSync("git", args, {
      cwd,
      encoding: "utf8",
      env: { ...process.env, ...hermeticGitEnv },
    });
  git("init", "-q", "-b", "main");
  await writeFile(join(cwd, "a.txt"), "a\n");
  await writeFile(join(cwd, "b.txt"), "b\n");
  git("add", "--all");
  git("commit", "-qm", "First");
  const files = async (): Promise<Readonly<Record<string, string>>> => {
    const names = (await readdir(cwd)).filter((name) => name !== ".git");
    const texts = names.map(async (name) => [name, await readFile(join(cwd, name), "utf8")]);
    return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
  };
  return { ...made, git, files, cwd };
}

/** Undoes and gives what was announced of it. */
async function undo(thread: Thread) {
  await thread.submit({ type: "undo" });
  const events = await eventsUntil(thread, turnEnded);
  return events.flatMap(({ msg }) => (msg.type === "undo_completed" ? [msg] : []));
}

const warnings = (events: readonly Event[]): readonly string[] =>
  events.flatMap(({ msg }) => (msg.type === "warning" ? [msg.message] : []));

const nothingThere = { type: "undo_completed", success: false } as const;

test("an undo brings back the state before the turn, and leaves the index alone", async () => {
  await using made = await world([
    "echo agent > a.txt; mv b.txt c.txt; echo agent > notes.md; echo new > new.md",
  ]);
  const { manager, config, git, files, cwd } = made;
  await writeFile(join(cwd, "notes.md"), "mine\n");
  await writeFile(join(cwd, "a.txt"), "staged\n");
  git("add", "a.txt");
  await writeFile(join(cwd, "a.txt"), "mine\n");
  const before = await files();
  const index = git("ls-files", "--stage");

  const { thread } = await manager.startThread(config);
  await say(thread, "go");
  expect(await files()).toEqual({
    "a.txt": "agent\n",
    "c.txt": "b\n",
    "new.md": "new\n",
    "notes.md": "agent\n",
  });
  expect(await undo(thread)).toEqual([
    {
      type: "undo_completed",
      success: true,
      message: expect.stringMatching(
        /^Went back to the snapshot [0-9a-f]{7}: brought back a\.txt, b\.txt, notes\.md; removed c\.txt, new\.md\.$/,
      ),
    },
  ]);
  expect([await files(), git("ls-files", "--stage")]).toEqual([before, index]);
});

test("each undo goes one turn back, also in a resumed session, until there is no snapshot left", async () => {
  await using made = await world(["echo 1 > a.txt", "echo 2 > a.txt", "echo 3 > a.txt"]);
  const { manager, config, files, model } = made;
  const { thread } = await manager.startThread(config);
  for (const text of ["one", "two", "three"]) await say(thread, text);
  const text = async (): Promise<string | undefined> => (await files())["a.txt"];
  const seen = [await text()];
  await undo(thread);
  seen.push(await text());
  await thread.shutdown();

  const { thread: resumed } = await manager.resumeThread(config, { id: thread.id });
  for (let turn = 0; turn < 2; turn += 1) {
    await undo(resumed);
    seen.push(await text());
  }
  expect(seen).toEqual(["3\n", "2\n", "1\n", "a\n"]);
  expect(await undo(resumed)).toEqual([
    { ...nothingThere, message: "There is no snapshot to go back to." },
  ]);
  expect(JSON.stringify(model.requests.map(({ body }) => body))).not.toContain("ghost");
  const lines = await readLines(resumed);
  const kept = lines.flatMap((line) =>
    line.type === "response_item" && line.payload.type === "ghost_snapshot" ? [line.payload] : [],
  );
  expect(kept).toHaveLength(3);
  expect(kept[0]?.ghost_commit).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{40}$/),
    parent: made.git("rev-parse", "HEAD").trim(),
    preexisting_untracked_files: [],
    preexisting_untracked_dirs: [],
  });
});

test("without the feature there is no snapshot, and an undo says how to have one", async () => {
  await using made = await world(["echo 1 > a.txt"], { features: defaultFeatures() });
  const { thread } = await made.manager.startThread(made.config);
  await say(thread, "go");
  expect(await undo(thread)).toEqual([
    {
      ...nothingThere,
      message:
        "There is no snapshot to go back to. Snapshots are made while the feature `undo` is on.",
    },
  ]);
  expect((await made.files())["a.txt"]).toBe("1\n");
});

test("a folder with many untracked files and a large file are left out, with their thresholds", async () => {
  const ghostSnapshot = {
    ignoreLargeUntrackedFiles: 1000,
    ignoreLargeUntrackedDirs: 3,
    disableWarnings: false,
  };
  await using made = await world(["true", "true"], { ghostSnapshot });
  const { cwd } = made;
  for (const folder of ["m1", "m2", "m3", "m4"]) {
    await mkdir(join(cwd, folder));
    for (const name of ["1", "2", "3"]) await writeFile(join(cwd, folder, name), "x");
  }
  await writeFile(join(cwd, "large.bin"), "x".repeat(1001));
  const { thread } = await made.manager.startThread(made.config);
  expect(warnings(await say(thread, "go"))).toEqual([
    "Folders with 3 or more untracked files are not in the snapshot, and undo leaves them as they are: m1 (3 files), m2 (3 files), m3 (3 files) and 1 more. Put them into .gitignore, or raise ghost_snapshot.ignore_large_untracked_dirs.",
    "Untracked files of more than 1000 bytes are not in the snapshot, and undo leaves them as they are: large.bin (1001 bytes). Put them into .gitignore, or raise ghost_snapshot.ignore_large_untracked_files.",
  ]);
  await thread.shutdown();
  const quiet = { ...made.config, ghostSnapshot: { ...ghostSnapshot, disableWarnings: true } };
  const { thread: silent } = await made.manager.startThread(quiet);
  expect(warnings(await say(silent, "go"))).toEqual([]);
});

test("outside of a repository nothing is said", async () => {
  await using made = await world(["echo 1 > a.txt"]);
  await rm(join(made.cwd, ".git"), { recursive: true });
  const { thread } = await made.manager.startThread(made.config);
  expect(warnings(await say(thread, "go"))).toEqual([]);
  expect((await undo(thread))[0]?.success).toBe(false);
});

test("a tool that may change files waits for the snapshot, one that only looks does not", async () => {
  const snapshot = Promise.withResolvers<void>();
  const ran: string[] = [];
  const tools = ["apply_patch", "view_image"].map((name) => ({
    name,
    parallel: true,
    abortedText: () => "",
    accepts: () => true,
    run: () => {
      ran.push(name);
      return Promise.resolve({ body: "", success: true });
    },
  }));
  const guarded = toolsAfterSnapshot(tools, { ready: snapshot.promise, take: () => [] });
  const { signal } = new AbortController();
  const running = guarded.map((tool) => tool.run({} as never, {} as never, signal));
  await running[1];
  expect(ran).toEqual(["view_image"]);
  snapshot.resolve();
  await running[0];
  expect(ran).toEqual(["view_image", "apply_patch"]);
});
