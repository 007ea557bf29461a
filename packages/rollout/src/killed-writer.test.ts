import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { RolloutLine } from "@codex-ts/protocol";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { findThreadPath, readRollout, resumeRolloutRecorder } from "./index.ts";

const id = "0196a000-0000-7000-8000-000000000001";
const kills = 20;
const atOnce = 4;

// Records numbered messages of many sizes and says each number once its line is recorded.
const writer = `
  import { writeSync } from "node:fs";
  import { createRolloutRecorder } from "./recorder.ts";
  const meta = {
    id: "${id}", timestamp: new Date().toISOString(), cwd: "/w", originator: "test",
    cli_version: "0", source: "exec", model_provider: null, base_instructions: null,
  };
  const recorder = createRolloutRecorder({ codexHome: process.env.CODEX_HOME, meta });
  await recorder.materialise();
  for (let number = 0; ; number += 1) {
    const text = number + " " + "ä".repeat(number % 8 === 0 ? 20_000 : number % 100);
    const payload = { type: "message", role: "user", content: [{ type: "input_text", text }] };
    await recorder.record([{ type: "response_item", payload }]);
    writeSync(1, number + "\\n");
    if (number % 10 === 9) await recorder.flush();
  }
`;

/** Runs the writer, kills it `delay` ms after its first word, and gives the numbers it had said. */
async function recordUntilKilled(home: TemporaryHome, delay: number): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--conditions=@codex-ts/source", "--input-type=module", "-e", writer],
    {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      env: { CODEX_HOME: home.codexHome },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  let errors = "";
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
    begun.resolve();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  child.once("close", () => {
    begun.resolve();
    ended.resolve();
  });
  await begun.promise;
  await sleep(delay);
  child.kill("SIGKILL");
  await ended.promise;
  expect(errors).toBe("");
  // A last number without its line feed was said only in part.
  return said.split("\n").length - 1;
}

function numbersIn(items: readonly RolloutLine[]): number[] {
  return items.flatMap((item) => {
    if (item.type !== "response_item" || item.payload.type !== "message") return [];
    const [part] = item.payload.content;
    return part?.type === "input_text" ? [Number.parseInt(part.text, 10)] : [];
  });
}

async function killOnce(): Promise<number> {
  await using home = await temporaryHome();
  const acknowledged = await recordUntilKilled(home, Math.random() * 60);
  const path = (await findThreadPath(home.codexHome, id)) as AbsolutePath;
  const killed = await readRollout(path);
  const numbers = numbersIn(killed.items);
  expect(numbers).toEqual(numbers.map((_, index) => index));
  expect(numbers.length).toBeGreaterThanOrEqual(acknowledged);
  expect(killed.skipped).toBeLessThanOrEqual(1);
  {
    await using recorder = await resumeRolloutRecorder(path);
    await recorder.record([{ type: "event_msg", payload: { type: "context_compacted" } }]);
  }
  const resumed = await readRollout(path);
  expect(resumed.skipped).toBe(killed.skipped);
  expect(resumed.items.slice(0, -1)).toEqual(killed.items);
  expect(resumed.items.at(-1)?.payload).toEqual({ type: "context_compacted" });
  return acknowledged;
}

test("every line that was recorded is there after kill -9 at any moment, and resume goes on", async () => {
  let acknowledged = 0;
  for (let done = 0; done < kills; done += atOnce) {
    const counts = await Promise.all(Array.from({ length: atOnce }, killOnce));
    acknowledged += counts.reduce((sum, count) => sum + count, 0);
  }
  expect(acknowledged).toBeGreaterThan(kills);
}, 120_000);
