import { spawn } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { abs, type TemporaryDirectory, temporaryDirectory } from "@codex-ts/test-support";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appendPrompt, promptHistoryFacts, readPrompt } from "./prompt-history.ts";

let folder: TemporaryDirectory;
let home: AbsolutePath;
let path: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
  home = abs(folder.path);
  path = folder.join("history.jsonl");
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const prompt = (text: string) => ({ conversation_id: "id-1", ts: 1_777_881_600, text });
const line = (text: string): string =>
  `${JSON.stringify({ session_id: "id-1", ts: 1_777_881_600, text })}\n`;
const content = (): Promise<string> => readFile(path, "utf8");

test("a prompt is a line that nobody else may read", async () => {
  await appendPrompt(home, prompt("one\ntwo"));
  await appendPrompt(home, prompt("ä"));
  expect(await content()).toBe(line("one\ntwo") + line("ä"));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder.path)).toEqual(["history.jsonl"]);
});

test("a file that others may read is so no longer once a prompt is added", async () => {
  await writeFile(path, line("old"));
  await chmod(path, 0o644);
  await appendPrompt(home, prompt("new"));
  expect([await content(), (await stat(path)).mode & 0o777]).toEqual([
    line("old") + line("new"),
    0o600,
  ]);
});

test("entries are found by their place, in the file that was asked about alone", async () => {
  expect(await promptHistoryFacts(home)).toEqual({ logId: 0, entryCount: 0 });
  expect(await readPrompt(home, { logId: 0, offset: 0 })).toBeNull();
  await writeFile(path, `${line("one")}not JSON\n${line("three")}`);
  const { logId, entryCount } = await promptHistoryFacts(home);
  expect([logId, entryCount]).toEqual([(await stat(path)).ino, 3]);
  const found = [0, 1, 2, 3].map((offset) => readPrompt(home, { logId, offset }));
  expect(await Promise.all(found)).toEqual([prompt("one"), null, prompt("three"), null]);
  expect(await readPrompt(home, { logId: 0, offset: 2 })).toEqual(prompt("three"));
  expect(await readPrompt(home, { logId: logId + 1, offset: 2 })).toBeNull();
});

test("a line that was cut off does not swallow the next one", async () => {
  await writeFile(path, `${line("one")}{"session_id":"id`);
  await appendPrompt(home, prompt("two"));
  expect(await content()).toBe(`${line("one")}{"session_id":"id\n${line("two")}`);
});

test("above its limit the file loses its oldest lines, down to four fifths of the limit", async () => {
  const size = line("10").length;
  for (let index = 10; index < 20; index += 1) {
    await appendPrompt(home, prompt(String(index)), { maxBytes: 10 * size });
  }
  expect((await promptHistoryFacts(home)).entryCount).toBe(10);
  const before = await promptHistoryFacts(home);
  await appendPrompt(home, prompt("20"), { maxBytes: 10 * size });
  const left = ["13", "14", "15", "16", "17", "18", "19", "20"];
  expect(await content()).toBe(left.map(line).join(""));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  // Offsets into the file as it was mean nothing any more.
  expect(await readPrompt(home, { logId: before.logId, offset: 0 })).toBeNull();
  expect(await readdir(folder.path)).toEqual(["history.jsonl"]);
});

test("a line that the limit falls into goes as a whole", async () => {
  await writeFile(path, line("a".repeat(1000)) + line("b"));
  await appendPrompt(home, prompt("c"), { maxBytes: 900 });
  expect(await content()).toBe(line("b") + line("c"));
});

test("the newest prompt stays, however long it is", async () => {
  await appendPrompt(home, prompt("short"), { maxBytes: 200 });
  await appendPrompt(home, prompt("x".repeat(500)), { maxBytes: 200 });
  expect(await content()).toBe(line("x".repeat(500)));
  await appendPrompt(home, prompt("y"), { maxBytes: 0 });
  expect(await content()).toBe(line("y"));
});

test("programs that add prompts at the same time lose none", async () => {
  const module = new URL("prompt-history.ts", import.meta.url).href;
  const program = (name: string): string => `
    const { appendPrompt } = await import(${JSON.stringify(module)});
    for (let index = 0; index < 10; index += 1) {
      const entry = { conversation_id: "id-1", ts: 1, text: ${JSON.stringify(name)} + index };
      await appendPrompt(${JSON.stringify(home)}, entry, { maxBytes: 100_000 });
    }`;
  const codes = ["a", "b", "c"].map((name) => {
    const child = spawn(
      process.execPath,
      [
        "--conditions=@codex-ts/source",
        "--no-warnings",
        "--input-type=module",
        "-e",
        program(name),
      ],
      { cwd: import.meta.dirname, stdio: ["ignore", "ignore", "inherit"] },
    );
    return new Promise((resolve) => child.once("exit", resolve));
  });
  expect(await Promise.all(codes)).toEqual([0, 0, 0]);
  const texts = (await content()).trimEnd().split("\n").map(textOf);
  const own = (name: string): readonly string[] => texts.filter((text) => text.startsWith(name));
  const all = (name: string) => Array.from({ length: 10 }, (_, index) => `${name}${index}`);
  expect([own("a"), own("b"), own("c")]).toEqual([all("a"), all("b"), all("c")]);
});

test("a home that cannot be written to is an error that names the file", async () => {
  await mkdir(path);
  await expect(appendPrompt(home, prompt("x"))).rejects.toMatchObject({
    code: "write_failed",
    message: expect.stringContaining(path) as string,
  });
  await expect(promptHistoryFacts(home)).rejects.toMatchObject({ code: "unreadable" });
});

function textOf(text: string): string {
  return (JSON.parse(text) as { readonly text: string }).text;
}
