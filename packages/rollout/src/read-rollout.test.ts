import { readFile } from "node:fs/promises";
import type { RolloutLine } from "@codex-ts/protocol";
import { temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { readRollout } from "./index.ts";

const timestamp = "2026-05-04T08:09:10.123Z";
const meta = {
  id: "0196a000-0000-7000-8000-000000000001",
  timestamp: "2026-05-04T08:09:09.900Z",
  cwd: "/w/app",
  originator: "my_cli",
  cli_version: "0.1.0",
  source: "exec",
  model_provider: "local",
  base_instructions: { text: "Be kind." },
};

function line(type: string, payload: unknown): string {
  return JSON.stringify({ timestamp, type, payload });
}

function said(text: string): RolloutLine {
  const payload = {
    type: "message",
    role: "user",
    content: [{ type: "input_text", text }],
  } as const;
  return { timestamp, type: "response_item", payload };
}

const metaLine = line("session_meta", meta);

async function readText(text: string | Uint8Array) {
  await using directory = await temporaryDirectory();
  await directory.write({ "rollout.jsonl": text });
  return await readRollout(directory.join("rollout.jsonl"));
}

test("a file of the released command line is read line for line", async () => {
  const path = new URL("fixtures/released-cli.jsonl", import.meta.url).pathname;
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  const rollout = await readRollout(path);
  expect(rollout.skipped).toBe(0);
  expect(rollout.items).toEqual(lines.map((text) => JSON.parse(text)));
  expect(rollout.meta).toEqual(rollout.items[0]?.payload);
});

test.each([
  ["blank_file", ""],
  ["blank_file", "\n \r\n\n"],
  ["no_session_meta", `${JSON.stringify(said("hello"))}\n`],
  ["no_session_meta", "not a session file\n"],
])("a file without a session is refused: %s", async (code, text) => {
  await expect(readText(text)).rejects.toMatchObject({ name: "RolloutError", code });
});

test("a missing file, and a folder, are unreadable", async () => {
  await using directory = await temporaryDirectory();
  for (const path of [directory.join("missing.jsonl"), directory.path]) {
    await expect(readRollout(path)).rejects.toMatchObject({ code: "unreadable" });
  }
});

test("a bad line in the middle is skipped and counted, the rest loads", async () => {
  const rollout = await readText(
    [
      metaLine,
      "{broken",
      "",
      line("response_item", { type: "message" }),
      JSON.stringify(said("on")),
    ].join("\n"),
  );
  expect(rollout.skipped).toBe(2);
  expect(rollout.items.slice(1)).toEqual([said("on")]);
});

test("an event that this version does not know is skipped alone", async () => {
  const unknown = line("event_msg", { type: "from_the_future", number: 1 });
  const rollout = await readText([metaLine, unknown, JSON.stringify(said("on"))].join("\n"));
  expect(rollout.skipped).toBe(1);
  expect(rollout.items.slice(1)).toEqual([said("on")]);
});

test("a line cut off by the end of its writer is skipped and counted, also inside a character", async () => {
  const cut = Buffer.from(JSON.stringify(said("Käse"))).subarray(0, -12);
  const rollout = await readText(Buffer.concat([Buffer.from(`${metaLine}\n`), cut]));
  expect([rollout.items.length, rollout.skipped]).toEqual([1, 1]);
});

test("a whole last line counts without its line feed", async () => {
  const rollout = await readText(`${metaLine}\n${JSON.stringify(said("last"))}`);
  expect([rollout.items.length, rollout.skipped]).toEqual([2, 0]);
});

test("lines of an older version, without newer fields, load", async () => {
  const { model_provider: _provider, base_instructions: _instructions, ...old } = meta;
  const context = {
    cwd: "/w/app",
    approval_policy: "on-request",
    sandbox_policy: { type: "read-only" },
    model: "m-1",
    summary: "auto",
  };
  const rollout = await readText(
    [line("session_meta", old), line("turn_context", context)].join("\n"),
  );
  expect(rollout.skipped).toBe(0);
  expect(rollout.meta).toMatchObject({
    id: meta.id,
    model_provider: null,
    base_instructions: null,
  });
});

test("of several session_meta lines the first tells whose file it is", async () => {
  const source = line("session_meta", { ...meta, id: "0196a000-0000-7000-8000-000000000002" });
  const rollout = await readText([metaLine, source].join("\n"));
  expect(rollout.meta.id).toBe(meta.id);
  expect(rollout.items.length).toBe(2);
});

test("lines longer than any block are whole, with characters of several bytes", async () => {
  const texts = ["ä".repeat(400_000), "😀".repeat(300_000), "short"];
  const rollout = await readText(
    [metaLine, ...texts.map((text) => JSON.stringify(said(text)))].join("\n"),
  );
  expect(rollout.items.slice(1)).toEqual(texts.map(said));
});

test("reading stops when it is aborted", async () => {
  await using directory = await temporaryDirectory();
  const long = JSON.stringify(said("x".repeat(100_000)));
  await directory.write({ "rollout.jsonl": [metaLine, ...Array(40).fill(long)].join("\n") });
  const controller = new AbortController();
  const reading = readRollout(directory.join("rollout.jsonl"), { signal: controller.signal });
  controller.abort(new Error("no longer wanted"));
  await expect(reading).rejects.toThrow("no longer wanted");
});
