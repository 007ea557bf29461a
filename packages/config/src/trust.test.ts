import { execFile } from "node:child_process";
import nodeFs from "node:fs/promises";
import { promisify } from "node:util";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { findTrustRoot } from "./index.ts";
import { makeTempHome, type TempHome } from "./testing/temp-home.ts";

async function git(cwd: AbsolutePath, ...args: readonly string[]): Promise<void> {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];
  await promisify(execFile)("git", [...identity, ...args], { cwd });
}

async function repositoryWithWorktree(temp: TempHome): Promise<AbsolutePath> {
  await git(temp.work, "init", "--quiet");
  await git(temp.work, "commit", "--quiet", "--allow-empty", "--message", "first");
  const linked = join(temp.root, "linked");
  await git(temp.work, "worktree", "add", "--quiet", linked);
  return linked;
}

const decisionOn = (folder: string, level: string) =>
  `[projects.${JSON.stringify(folder)}]\ntrust_level = "${level}"\n`;

describe("the folder whose decision counts", () => {
  test("a plain repository: its root, from any folder in it", async () => {
    await using temp = await makeTempHome();
    await git(temp.work, "init", "--quiet");
    const nested = await temp.makeFolder("work/a/b");
    expect([await findTrustRoot(temp.work), await findTrustRoot(nested)]).toEqual([
      temp.work,
      temp.work,
    ]);
  });

  test("a linked work tree: the root of the main one, also from below and through a link", async () => {
    await using temp = await makeTempHome();
    const linked = await repositoryWithWorktree(temp);
    await nodeFs.mkdir(join(linked, "a"));
    const throughLink = join(temp.root, "through-link");
    await nodeFs.symlink(linked, throughLink);
    expect([
      await findTrustRoot(linked),
      await findTrustRoot(join(linked, "a")),
      await findTrustRoot(throughLink),
    ]).toEqual([temp.work, temp.work, temp.work]);
  });

  test("a .git file that the main repository does not know leads nowhere", async () => {
    await using temp = await makeTempHome();
    const linked = await repositoryWithWorktree(temp);
    const pointer = await nodeFs.readFile(join(linked, ".git"), "utf8");
    await temp.write("stranger/.git", pointer);
    const stranger = join(temp.root, "stranger");
    expect(await findTrustRoot(stranger)).toBe(stranger);
  });

  test.each(["gitdir: ../.git/modules/sub\n", "nonsense", "gitdir: \0/worktrees/x\n", ""])(
    "a .git file with %j stands for its own folder",
    async (text) => {
      await using temp = await makeTempHome();
      await temp.write("work/sub/.git", text);
      const sub = join(temp.work, "sub");
      expect(await findTrustRoot(sub)).toBe(sub);
    },
  );

  test("outside a repository there is none", async () => {
    await using temp = await makeTempHome();
    expect(await findTrustRoot(temp.work)).toBeUndefined();
  });
});

describe("what a decision changes", () => {
  test.each([
    ["trusted", "on-request", "workspace-write"],
    ["untrusted", "untrusted", "workspace-write"],
    [undefined, "on-request", "read-only"],
  ])("%s: approval policy %s, sandbox %s", async (level, approvalPolicy, sandboxMode) => {
    await using temp = await makeTempHome();
    const toml = level === undefined ? "" : decisionOn(temp.work, level);
    await nodeFs.writeFile(temp.userFile, toml);
    const { config } = await temp.load();
    expect([config.trustLevel, config.approvalPolicy, config.sandboxMode]).toEqual([
      level,
      approvalPolicy,
      sandboxMode,
    ]);
  });

  test("on Windows, where there is no sandbox, it is read-only", async () => {
    await using temp = await makeTempHome();
    await nodeFs.writeFile(temp.userFile, decisionOn(temp.work, "untrusted"));
    const { config } = await temp.load({ platform: "win32" });
    expect([config.approvalPolicy, config.sandboxPolicy, config.startupWarnings]).toEqual([
      "untrusted",
      { type: "read-only" },
      [],
    ]);
    const asked = await temp.load({
      platform: "win32",
      overrides: { flags: { sandboxMode: "workspace-write" } },
    });
    expect(asked.config.startupWarnings).toEqual([
      "There is no sandbox on Windows yet, so `sandbox_mode` is read-only.",
    ]);
  });

  test("two folders with different decisions have different defaults", async () => {
    await using temp = await makeTempHome();
    const other = await temp.makeFolder("other");
    await nodeFs.writeFile(
      temp.userFile,
      decisionOn(temp.work, "trusted") + decisionOn(other, "untrusted"),
    );
    const policies = await Promise.all(
      [temp.work, other].map(async (cwd) => (await temp.load({ cwd })).config.approvalPolicy),
    );
    expect(policies).toEqual(["on-request", "untrusted"]);
  });

  test("a linked work tree inherits the decision on the main one", async () => {
    await using temp = await makeTempHome();
    const linked = await repositoryWithWorktree(temp);
    await nodeFs.writeFile(temp.userFile, decisionOn(temp.work, "trusted"));
    await nodeFs.mkdir(join(linked, ".codex"));
    await nodeFs.writeFile(join(linked, ".codex", "config.toml"), `model = "linked"\n`);
    const { config } = await temp.load({ cwd: linked });
    expect([config.model, config.trustLevel]).toEqual(["linked", "trusted"]);
  });

  test("a decision counts for the folder under any of its names", async () => {
    await using temp = await makeTempHome();
    await temp.write("work/.codex/config.toml", `model = "theirs"\n`);
    await nodeFs.writeFile(temp.userFile, decisionOn(temp.work, "trusted"));
    const link = join(temp.root, "link");
    await nodeFs.symlink(temp.work, link);
    const { config } = await temp.load({ cwd: link });
    expect([config.model, config.trustLevel]).toEqual(["theirs", "trusted"]);
  });

  test("a decision on the folder itself comes before that on the repository", async () => {
    await using temp = await makeTempHome();
    await git(temp.work, "init", "--quiet");
    const nested = await temp.makeFolder("work/nested");
    await nodeFs.writeFile(
      temp.userFile,
      decisionOn(temp.work, "trusted") + decisionOn(nested, "untrusted"),
    );
    expect((await temp.load({ cwd: nested })).config.trustLevel).toBe("untrusted");
  });
});
