import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, realpath, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import {
  abs,
  childrenOf,
  collect,
  freePort,
  hermeticGitEnv,
  isAlive,
  runProcess,
  searchTree,
  temporaryDirectory,
  temporaryGitRepository,
  temporaryHome,
  waitFor,
} from "./index.ts";

const node = process.execPath;

test("abs refuses a relative path", () => {
  expect(abs("/a/../b")).toBe("/b");
  expect(() => abs("b")).toThrow("b");
});

test("a temporary directory is free of links while it lasts and gone afterwards", async () => {
  let path: string;
  {
    await using directory = await temporaryDirectory();
    path = directory.path;
    await directory.write({ "deep/er/file.txt": "content" });
    expect(await readFile(directory.join("deep/er/file.txt"), "utf8")).toBe("content");
    expect(await realpath(path)).toBe(path);
  }
  expect(existsSync(path)).toBe(false);
});

test("a temporary home holds an empty .codex and the variables that name it", async () => {
  await using home = await temporaryHome();
  expect(home.env).toEqual({ HOME: home.path, CODEX_HOME: home.join(".codex") });
  expect(existsSync(home.codexHome)).toBe(true);
});

test("a repository's commit has the same id on every machine", async () => {
  const options = {
    files: { "a.txt": "a\n", ".gitignore": "a.txt\n" },
    origin: "https://x.test/r",
  };
  await using one = await temporaryGitRepository(options);
  await using two = await temporaryGitRepository(options);
  expect(await one.git("rev-parse", "HEAD")).toBe(await two.git("rev-parse", "HEAD"));
  expect(await one.git("ls-files")).toBe(".gitignore\na.txt");
  expect(await one.git("log", "-1", "--format=%an %cI")).toBe(
    `${hermeticGitEnv.GIT_AUTHOR_NAME} 2026-01-02T03:04:05+00:00`,
  );
  expect(await one.git("remote", "get-url", "origin")).toBe("https://x.test/r");
  await expect(one.git("rev-parse", "no-such-thing")).rejects.toThrow("no-such-thing");
});

test("a repository without files has no commit", async () => {
  await using repository = await temporaryGitRepository({ branch: "trunk" });
  expect(await repository.git("symbolic-ref", "HEAD")).toBe("refs/heads/trunk");
  await expect(repository.git("rev-parse", "--verify", "HEAD")).rejects.toThrow("rev-parse");
});

test("waitFor gives the first truthy value, and names what never came", async () => {
  let tries = 0;
  expect(await waitFor(() => (++tries === 3 ? "third" : undefined))).toBe("third");
  await expect(
    waitFor(() => Promise.resolve(false), { timeoutMs: 20, describe: "the moon is blue" }),
  ).rejects.toThrow("waited 20 ms in vain: the moon is blue");
});

test("collect reads to the end, or to the item asked for and closes the source there", async () => {
  let closed = 0;
  async function* numbers() {
    try {
      yield* [1, 2, 3];
    } finally {
      closed += 1;
    }
  }
  expect(await collect(numbers())).toEqual([1, 2, 3]);
  expect(await collect(numbers(), (n) => n === 2)).toEqual([1, 2]);
  expect(closed).toBe(2);
});

test("runProcess gives code, signal and both outputs, and feeds standard input", async () => {
  const echo =
    "process.stdin.pipe(process.stdout); console.error(process.env.X); process.exitCode = 3";
  expect(await runProcess([node, "-e", echo], { stdin: "in", env: { X: "x" } })).toEqual({
    code: 3,
    signal: null,
    stdout: "in",
    stderr: "x\n",
  });
  expect(await runProcess([node, "-e", "process.kill(process.pid, 'SIGTERM')"])).toMatchObject({
    code: null,
    signal: "SIGTERM",
  });
  await expect(runProcess(["/no/such/program"])).rejects.toThrow("ENOENT");
});

test("runProcess kills the whole group when the time is up, and shows what was written", async () => {
  await using directory = await temporaryDirectory();
  const script = "sleep 100 & echo $! > pid; echo so far; wait";
  const running = runProcess(["sh", "-c", script], { cwd: directory.path, timeoutMs: 1_500 });
  await expect(running).rejects.toThrow("so far");
  const grandchild = Number(await readFile(directory.join("pid"), "utf8"));
  await waitFor(() => !isAlive(grandchild), { describe: "the grandchild is gone" });
});

test.runIf(process.platform === "linux")(
  "children are listed while they live; a zombie is not alive",
  async () => {
    // The shell starts a child that ends at once and, replaced by sleep, never waits for it.
    const parent = spawn("sh", ["-c", "true & exec sleep 100"], { stdio: "ignore" });
    const pid = parent.pid ?? 0;
    try {
      expect(childrenOf(process.pid)).toContain(pid);
      expect(isAlive(pid)).toBe(true);
      await waitFor(() => childrenOf(pid).length === 0, { describe: "only a zombie is left" });
    } finally {
      parent.kill("SIGKILL");
    }
    await waitFor(() => !isAlive(pid), { describe: "the parent is gone" });
    expect(childrenOf(process.pid)).not.toContain(pid);
  },
);

test("searchTree finds content and names at any depth, and follows no link", async () => {
  await using outside = await temporaryDirectory();
  await outside.write({ leaked: "s3cret" });
  await using directory = await temporaryDirectory();
  await directory.write({
    "a/b/content": Buffer.from([0xff, ...Buffer.from("s3cret"), 0]),
    "a/name-s3cret": "",
    other: "secret",
  });
  await symlink(outside.path, directory.join("link"));
  await symlink(outside.join("leaked"), directory.join("file-link"));
  expect(await searchTree(directory.path, "s3cret")).toEqual([
    directory.join("a/b/content"),
    directory.join("a/name-s3cret"),
  ]);
  await expect(searchTree(directory.path, "")).rejects.toThrow("empty");
});

test("a free port can be listened on", async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  expect(server.address()).toMatchObject({ port });
  await new Promise((resolve) => server.close(resolve));
});
