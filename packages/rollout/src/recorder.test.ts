import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { appendFile, rm, symlink, writeFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import {
  type GitInfo,
  newHookPromptId,
  type RolloutItem,
  type SessionMeta,
  userMessage,
} from "@codex-ts/protocol";
import { type TemporaryHome, searchTree, temporaryHome, waitFor } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import {
  type CreateRecorderOptions,
  createRolloutRecorder,
  readRollout,
  resumeRolloutRecorder,
  rolloutPath,
} from "./index.ts";

const meta: SessionMeta = {
  id: "0196a000-0000-7000-8000-000000000001",
  timestamp: "2026-05-04T23:30:09.900Z",
  cwd: "/w/app",
  originator: "my_cli",
  cli_version: "0.1.0",
  source: "exec",
  model_provider: "local",
  base_instructions: { text: "Be kind." },
};
const writeTime = "2026-05-04T23:30:10.123Z";
const now = () => new Date(writeTime);

function said(text: string): RolloutItem {
  return {
    type: "response_item",
    payload: { type: "message", role: "user", content: [{ type: "input_text", text }] },
  };
}

function recorderIn(home: TemporaryHome, options: Partial<CreateRecorderOptions> = {}) {
  return createRolloutRecorder({ codexHome: home.codexHome, meta, now, ...options });
}

function linesOf(path: string): unknown[] {
  const text = readFileSync(path, "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

const timed = (item: RolloutItem) => ({ timestamp: writeTime, ...item });
const metaLine = timed({ type: "session_meta", payload: meta });

test("nothing is written before the file is to appear, then everything in order", async () => {
  await using home = await temporaryHome();
  await using recorder = recorderIn(home);
  await recorder.record([said("one"), said("two")]);
  await recorder.flush();
  expect(existsSync(home.join(".codex/sessions"))).toBe(false);
  await recorder.materialise();
  await recorder.record([said("three")]);
  await recorder.materialise();
  expect(linesOf(recorder.path)).toEqual([
    metaLine,
    ...["one", "two", "three"].map(said).map(timed),
  ]);
});

test("a thread that never gets a turn leaves no file", async () => {
  await using home = await temporaryHome();
  const recorder = recorderIn(home);
  await recorder.record([said("one")]);
  await recorder.close();
  await recorder.materialise();
  expect(existsSync(home.join(".codex/sessions"))).toBe(false);
});

test("folder and file are named by the wall clock of the thread's creation", async () => {
  const createdAt = new Date(meta.timestamp);
  await using home = await temporaryHome();
  const path = (timeZone?: string) =>
    rolloutPath({ codexHome: home.codexHome, id: meta.id, createdAt, timeZone });
  const sessions = home.join(".codex/sessions");
  expect(path("UTC")).toBe(`${sessions}/2026/05/04/rollout-2026-05-04T23-30-09-${meta.id}.jsonl`);
  expect(path("Asia/Kolkata")).toBe(
    `${sessions}/2026/05/05/rollout-2026-05-05T05-00-09-${meta.id}.jsonl`,
  );
  expect(path()).toBe(path(Intl.DateTimeFormat().resolvedOptions().timeZone));
  await using recorder = recorderIn(home, { timeZone: "Asia/Kolkata" });
  expect(recorder.path).toBe(path("Asia/Kolkata"));
});

test("git facts are asked for when the file appears; what is recorded meanwhile waits its turn", async () => {
  await using home = await temporaryHome();
  const facts = Promise.withResolvers<GitInfo>();
  let asked = 0;
  await using recorder = recorderIn(home, {
    gitInfo: () => {
      asked += 1;
      return facts.promise;
    },
  });
  await recorder.record([said("before")]);
  expect(asked).toBe(0);
  const settled: string[] = [];
  const appearing = recorder.materialise().then(() => settled.push("file"));
  const recorded = recorder.record([said("meanwhile")]).then(() => settled.push("line"));
  await Promise.resolve();
  expect(settled).toEqual([]);
  facts.resolve({ branch: "main" });
  await Promise.all([appearing, recorded]);
  expect(asked).toBe(1);
  expect(linesOf(recorder.path)).toEqual([
    timed({ type: "session_meta", payload: { ...meta, git: { branch: "main" } } }),
    timed(said("before")),
    timed(said("meanwhile")),
  ]);
});

test("a thread outside a repository, or with a git that fails, has no git facts", async () => {
  for (const gitInfo of [
    () => Promise.resolve(null),
    () => Promise.reject<GitInfo>(new Error("no git")),
    () => {
      throw new Error("no git");
    },
  ]) {
    await using home = await temporaryHome();
    await using recorder = recorderIn(home, { gitInfo });
    await recorder.materialise();
    expect(linesOf(recorder.path)).toEqual([metaLine]);
  }
});

test("lines are in the file when record resolves, concurrent batches in the order of their calls", async () => {
  await using home = await temporaryHome();
  await using recorder = recorderIn(home);
  await recorder.materialise();
  const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`);
  const recording = texts.map(async (text) => {
    await recorder.record([said(text), said(`${text} again`)]);
    expect(readFileSync(recorder.path, "utf8")).toContain(`${text} again`);
  });
  await Promise.all(recording);
  const expected = texts.flatMap((text) => [said(text), said(`${text} again`)]).map(timed);
  expect(linesOf(recorder.path)).toEqual([metaLine, ...expected]);
});

test("item ids are never written, and items of an unknown kind are left out", async () => {
  await using home = await temporaryHome();
  await using recorder = recorderIn(home);
  const withId = {
    type: "message",
    id: "msg_planted_id",
    role: "assistant",
    content: [{ type: "output_text", text: "hi" }],
  } as const;
  await recorder.record([
    { type: "response_item", payload: withId },
    { type: "response_item", payload: { type: "other" } },
    {
      type: "response_item",
      payload: {
        type: "reasoning",
        id: "msg_planted_id",
        summary: [],
        content: null,
        encrypted_content: null,
      },
    },
    {
      type: "compacted",
      payload: { message: "m", replacement_history: [withId, { type: "other" }] },
    },
    { type: "compacted", payload: { message: "m" } },
  ]);
  await recorder.materialise();
  const { id: _id, ...withoutId } = withId;
  expect(linesOf(recorder.path).slice(1)).toEqual([
    timed({ type: "response_item", payload: withoutId }),
    timed({
      type: "response_item",
      payload: { type: "reasoning", summary: [], content: null, encrypted_content: null },
    }),
    timed({ type: "compacted", payload: { message: "m", replacement_history: [withoutId] } }),
    timed({ type: "compacted", payload: { message: "m" } }),
  ]);
  expect(await searchTree(home.path, "msg_planted_id")).toEqual([]);
});

test("a hook prompt keeps the id that marks it", async () => {
  await using home = await temporaryHome();
  await using recorder = recorderIn(home);
  const prompt = { ...userMessage("x"), id: newHookPromptId() };
  await recorder.record([{ type: "response_item", payload: prompt }]);
  await recorder.materialise();
  expect(linesOf(recorder.path).slice(1)).toEqual([
    timed({ type: "response_item", payload: prompt }),
  ]);
});

test("half a surrogate pair is written as a replacement character, an escaped one as it is", async () => {
  await using home = await temporaryHome();
  await using recorder = recorderIn(home);
  await recorder.record([said("cut \ud83d"), said("whole 😀 and \\ud83d in text")]);
  await recorder.materialise();
  expect(readFileSync(recorder.path, "utf8")).not.toMatch(/(?<!\\)\\ud83d/);
  expect(linesOf(recorder.path).slice(1)).toEqual([
    timed(said("cut \ufffd")),
    timed(said("whole 😀 and \\ud83d in text")),
  ]);
});

test("a fork's file begins with its own session_meta, then holds all lines of its source", async () => {
  await using home = await temporaryHome();
  const source: RolloutItem = {
    type: "session_meta",
    payload: { ...meta, id: "0196a000-0000-7000-8000-000000000002" },
  };
  const failed: RolloutItem = {
    type: "event_msg",
    payload: { type: "error", message: "kept by an extended session", codex_error_info: null },
  };
  await using recorder = recorderIn(home, { initialItems: [source, failed] });
  await recorder.record([said("next")]);
  await recorder.materialise();
  expect(linesOf(recorder.path)).toEqual([metaLine, ...[source, failed, said("next")].map(timed)]);
});

async function sessionIn(home: TemporaryHome): Promise<AbsolutePath> {
  await using recorder = recorderIn(home);
  await recorder.record([said("one")]);
  await recorder.materialise();
  return recorder.path;
}

test("resume appends to the same file and writes no new session_meta", async () => {
  await using home = await temporaryHome();
  const path = await sessionIn(home);
  await using recorder = await resumeRolloutRecorder(path, { now });
  await recorder.materialise();
  await recorder.record([said("two")]);
  await recorder.flush();
  expect(recorder.path).toBe(path);
  expect(linesOf(path)).toEqual([metaLine, timed(said("one")), timed(said("two"))]);
});

test("resume of a missing file fails and makes none", async () => {
  await using home = await temporaryHome();
  const path = rolloutPath({ codexHome: home.codexHome, id: meta.id, createdAt: now() });
  await expect(resumeRolloutRecorder(path)).rejects.toMatchObject({ code: "unreadable" });
  expect(existsSync(path)).toBe(false);
});

test("after a line that was cut off, also inside a character, new lines are whole and the file is UTF-8", async () => {
  await using home = await temporaryHome();
  const path = await sessionIn(home);
  const whole = readFileSync(path);
  const torn = Buffer.from(JSON.stringify(timed(said("aä€😀"))));
  // Behind the first byte, and at each byte from the characters of one to four bytes on.
  const lengths = [1, ...Array.from({ length: 20 }, (_, back) => torn.length - back)];
  for (const length of lengths) {
    await writeFile(path, Buffer.concat([whole, torn.subarray(0, length)]));
    {
      await using recorder = await resumeRolloutRecorder(path, { now });
      await recorder.record([said("two")]);
      await recorder.record([said("three")]);
    }
    new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    const { items, skipped } = await readRollout(path);
    const complete = length === torn.length ? [timed(said("aä€😀"))] : [];
    expect({ items, skipped }).toEqual({
      items: [metaLine, timed(said("one")), ...complete, timed(said("two")), timed(said("three"))],
      skipped: length === torn.length ? 0 : 1,
    });
  }
});

test("a resume that records nothing leaves the file as it is", async () => {
  await using home = await temporaryHome();
  const path = await sessionIn(home);
  await appendFile(path, '{"timestamp":');
  const before = readFileSync(path);
  await (await resumeRolloutRecorder(path)).close();
  expect(readFileSync(path)).toEqual(before);
});

test("trouble with the folder never stops a turn: one warning, lines wait, flush tells", async () => {
  await using home = await temporaryHome();
  const sessions = home.join(".codex/sessions");
  await writeFile(sessions, "in the way");
  const warnings: string[] = [];
  await using recorder = recorderIn(home, { onWarning: (message) => warnings.push(message) });
  await recorder.record([said("one")]);
  await recorder.materialise();
  await recorder.record([said("two")]);
  await expect(recorder.flush()).rejects.toMatchObject({ code: "write_failed" });
  await recorder.record([said("three")]);
  expect(warnings).toEqual([expect.stringContaining(recorder.path)]);
  await rm(sessions);
  await recorder.flush();
  expect(linesOf(recorder.path)).toEqual([
    metaLine,
    ...["one", "two", "three"].map(said).map(timed),
  ]);
  await recorder.record([said("four")]);
  expect(linesOf(recorder.path).length).toBe(5);
  expect(warnings.length).toBe(1);
});

test("lines that wait are written by themselves once the trouble is over", async () => {
  await using home = await temporaryHome();
  const sessions = home.join(".codex/sessions");
  await writeFile(sessions, "in the way");
  const warnings: string[] = [];
  await using recorder = recorderIn(home, { onWarning: (message) => warnings.push(message) });
  await recorder.materialise();
  await recorder.record([said("one")]);
  expect(warnings.length).toBe(1);
  await rm(sessions);
  await waitFor(() => existsSync(recorder.path) && statSync(recorder.path).size > 0, {
    describe: "the waiting lines are written",
  });
  expect(linesOf(recorder.path)).toEqual([metaLine, timed(said("one"))]);
});

test("trouble that passes within moments is not even mentioned", async () => {
  await using home = await temporaryHome();
  const sessions = home.join(".codex/sessions");
  await writeFile(sessions, "in the way");
  const warnings: string[] = [];
  await using recorder = recorderIn(home, { onWarning: (message) => warnings.push(message) });
  const appearing = recorder.materialise();
  await setImmediate();
  rmSync(sessions);
  await appearing;
  expect(linesOf(recorder.path)).toEqual([metaLine]);
  expect(warnings).toEqual([]);
});

test.runIf(existsSync("/dev/full"))(
  "a full disk loses only what found no room to wait",
  async () => {
    await using home = await temporaryHome();
    const path = await sessionIn(home);
    // A file of the session on a disk that fills up: the link is turned to the device and back.
    const link = home.join("link.jsonl");
    await symlink("/dev/full", link);
    const recorder = await resumeRolloutRecorder(link, { now, bufferLimit: 1000 });
    await recorder.record([said("waits")]);
    await recorder.record([said("x".repeat(1000)), said("y")]);
    await expect(recorder.flush()).rejects.toThrow(/2 lines found no room/);
    await recorder.record([said("waits too")]);
    await expect(recorder.close()).rejects.toMatchObject({ code: "write_failed" });
    await recorder.record([said("too late")]);
    await recorder.flush();
    await recorder.close();
    expect(linesOf(path)).toEqual([metaLine, timed(said("one"))]);
  },
);

test("two recorders side by side do not meet", async () => {
  await using home = await temporaryHome();
  const other = { ...meta, id: "0196a000-0000-7000-8000-000000000002" };
  await using one = recorderIn(home);
  await using two = recorderIn(home, { meta: other });
  await Promise.all([one.materialise(), two.materialise()]);
  await Promise.all([one.record([said("one")]), two.record([said("two")])]);
  expect(linesOf(one.path)).toEqual([metaLine, timed(said("one"))]);
  expect(linesOf(two.path)).toEqual([
    timed({ type: "session_meta", payload: other }),
    timed(said("two")),
  ]);
});
