import { type ChildProcess, spawn } from "node:child_process";
import { readFile, readdir, utimes, writeFile } from "node:fs/promises";
import { type TemporaryDirectory, temporaryDirectory, waitFor } from "@codex-ts/test-support";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLockFile } from "./lock-file.ts";

let folder: TemporaryDirectory;
let path: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
  path = folder.join("auth.json.lock");
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

/** A process that takes the lock and keeps it until it is killed. */
async function holder(): Promise<ChildProcess> {
  const module = new URL("lock-file.ts", import.meta.url).href;
  const program = `
    const { withLockFile } = await import(${JSON.stringify(module)});
    await withLockFile(${JSON.stringify(path)}, async () => {
      process.stdout.write("held");
      await new Promise(() => setInterval(() => {}, 1000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

test("one at a time, and nothing stays behind", async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setTimeout(resolve, 2));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 10 }, async () => await withLockFile(path, work)));
  expect([most, await readdir(folder.path)]).toEqual([1, []]);
});

test("work that fails gives the lock back", async () => {
  const failing = withLockFile(path, async () => {
    throw new Error("no luck");
  });
  await expect(failing).rejects.toThrow("no luck");
  expect(await withLockFile(path, async () => "had")).toBe("had");
});

test("a running process keeps its lock; that of a killed one is taken over", async () => {
  const child = await holder();
  const impatient = withLockFile(path, async () => "had", { longestWaitMs: 50 });
  await expect(impatient).rejects.toMatchObject({
    code: "ETIMEDOUT",
    message: expect.stringContaining(`process ${child.pid}`),
  });
  const waiting = withLockFile(path, async () => "had");
  await kill(child);
  expect([await waiting, await readdir(folder.path)]).toEqual(["had", []]);
});

test("whoever gives up waiting leaves the lock to its holder, and nothing else behind", async () => {
  const abort = new AbortController();
  await withLockFile(path, async () => {
    const waiting = withLockFile(path, async () => "had", { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect(await readdir(folder.path)).toEqual(["auth.json.lock"]);
  });
  const { signal } = abort;
  await expect(withLockFile(path, async () => "had", { signal })).rejects.toThrow("enough");
  expect(await readdir(folder.path)).toEqual([]);
});

test("many that find an abandoned lock still go one at a time", async () => {
  await kill(await holder());
  let inside = 0;
  const seen: number[] = [];
  const work = async () => {
    seen.push((inside += 1));
    await new Promise((resolve) => setTimeout(resolve, 2));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 10 }, async () => await withLockFile(path, work)));
  expect([seen, await readdir(folder.path)]).toEqual([Array<number>(10).fill(1), []]);
});

test("who was killed while removing an abandoned lock does not keep others from it", async () => {
  await kill(await holder());
  const { id } = JSON.parse(await readFile(path, "utf8")) as { id: string };
  const owner = await readFile(path, "utf8");
  await writeFile(`${path}.${id}`, owner.replace(id, "0123456789abcdef"));
  expect(await withLockFile(path, async () => "had")).toBe("had");
});

test("a pid that another process has by now is no owner", async () => {
  if (process.platform !== "linux") return;
  await withLockFile(path, async () => {
    const owner = await readFile(path, "utf8");
    await writeFile(folder.join("copy"), owner.replace(/"started":"\d+"/, '"started":"1"'));
  });
  await writeFile(path, await readFile(folder.join("copy"), "utf8"));
  expect(await withLockFile(path, async () => "had", { longestWaitMs: 5000 })).toBe("had");
});

test.each([
  ["a process on another machine", JSON.stringify({ id: "f".repeat(16), pid: 1, place: "far" })],
  ["nobody who can be read", ""],
])("a lock of %s holds until it is too old", async (_, content) => {
  await writeFile(path, content);
  const impatient = withLockFile(path, async () => "had", { longestWaitMs: 50 });
  await expect(impatient).rejects.toMatchObject({ code: "ETIMEDOUT" });
  const old = new Date(Date.now() - 91_000);
  await utimes(path, old, old);
  expect(await withLockFile(path, async () => "had")).toBe("had");
});

test("whoever held it too long does not remove the lock of the next one", async () => {
  await withLockFile(path, async () => {
    await writeFile(path, JSON.stringify({ id: "f".repeat(16), pid: 1, place: "far" }));
  });
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ place: "far" });
});

test("a folder that is not there is an error", async () => {
  const missing = withLockFile(folder.join("none/auth.json.lock"), async () => {});
  await expect(missing).rejects.toMatchObject({ code: "ENOENT" });
});

test("a stopped process loses the lock after the longest hold", async () => {
  const child = await holder();
  try {
    child.kill("SIGSTOP");
    const taken = withLockFile(path, async () => "had", { longestHoldMs: 100 });
    expect(await taken).toBe("had");
  } finally {
    await kill(child);
  }
  await waitFor(async () => (await readdir(folder.path)).length === 0);
});
