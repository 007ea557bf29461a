// The index of session heads: what it saves, and that it can always be thrown away.
import { existsSync } from "node:fs";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { newThreadId, type SessionMeta } from "@codex-ts/protocol";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { createRolloutRecorder, listThreads } from "./index.ts";

async function session(home: TemporaryHome, message: string): Promise<string> {
  const meta: SessionMeta = {
    id: newThreadId(),
    timestamp: new Date().toISOString(),
    cwd: "/w",
    originator: "t",
    cli_version: "1",
    source: "exec",
    model_provider: null,
    base_instructions: { text: "long instructions" },
  };
  await using recorder = createRolloutRecorder({ codexHome: home.codexHome, meta });
  await recorder.materialise();
  await recorder.record([
    {
      type: "event_msg",
      payload: { type: "user_message", message, local_images: [], text_elements: [] },
    },
  ]);
  return recorder.path;
}

const previews = async (home: TemporaryHome, searchTerm?: string) =>
  (await listThreads({ codexHome: home.codexHome, searchTerm })).threads.map(
    ({ preview }) => preview,
  );

test("a listing is the same without an index, with one, and with a damaged one", async () => {
  await using home = await temporaryHome();
  for (const text of ["one", "two", "three"]) await session(home, text);
  const all = ["three", "two", "one"];
  expect(await previews(home)).toEqual(all);
  const [name] = (await readdir(home.codexHome)).filter((each) => each.endsWith(".json"));
  const index = join(home.codexHome, name ?? "");
  expect(await readFile(index, "utf8")).not.toContain("long instructions");
  expect(await previews(home)).toEqual(all);
  for (const damage of ["", "{", '{"format":99,"heads":{}}', '{"format":1,"heads":{"x":null}}']) {
    await writeFile(index, damage);
    expect(await previews(home, "t")).toEqual(["three", "two"]);
  }
  await rm(index);
  expect(await previews(home)).toEqual(all);
  expect(existsSync(index)).toBe(true);
});

test("what is in the index is not read again, and files that grew, came or went are right", async () => {
  await using home = await temporaryHome();
  const first = await session(home, "one");
  const second = await session(home, "two");
  await previews(home);
  await appendFile(first, "more\n");
  await rm(second);
  await session(home, "three");
  expect(await previews(home)).toEqual(["three", "one"]);
  await writeFile(first, "no session\n");
  expect(await previews(home)).toEqual(["three"]);
});
