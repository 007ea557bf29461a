import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { DialectName } from "./dialect.ts";
import { createHooks, type HookRequest } from "./engine.ts";
import { type HookEventName, hookEventLabel, hookEventNames } from "./events.ts";
import { compileMatcher } from "./matcher.ts";
import type { HookRunEntry } from "@codex-ts/protocol";

interface FixtureCase {
  readonly name: string;
  readonly event: HookEventName;
  readonly dialect: DialectName;
  readonly command: string;
  readonly failClosed?: boolean;
  readonly input: HookRequest<HookEventName>;
  readonly expect: {
    readonly status: string;
    readonly entries: readonly HookRunEntry[];
    readonly outcome: object;
  };
}

const folder = fileURLToPath(new URL("../fixtures", import.meta.url));

async function casesOf(file: string): Promise<FixtureCase[]> {
  return JSON.parse(await readFile(`${folder}/${file}.json`, "utf8")) as FixtureCase[];
}

async function outcomeOf(fixture: FixtureCase) {
  const { event } = fixture;
  await using hooks = createHooks({
    shell: { program: "/bin/sh", args: ["-c"] },
    handlers: [
      {
        type: "command",
        event,
        command: fixture.command,
        dialect: fixture.dialect,
        matcher: null,
        matches: compileMatcher(null),
        timeoutMs: 60_000,
        statusMessage: null,
        failClosed: fixture.failClosed ?? false,
        source: { path: "/fixtures/hooks.json", line: null, layer: "user" },
      },
    ],
  });
  const outcome = await hooks.run(event, { ...fixture.input, cwd: folder });
  const { runs, warnings, cancelled, ...effects } = outcome;
  expect({ warnings, cancelled }).toEqual({ warnings: [], cancelled: false });
  const [run] = runs;
  const outcomeShown =
    "block" in effects ? { ...effects, block: blockShown(effects.block) } : effects;
  return { status: run?.status, entries: run?.entries, outcome: outcomeShown };
}

function blockShown(block: object | null): unknown {
  if (block === null || !("reason" in block)) return null;
  if (!("fragments" in block)) return block.reason;
  const fragments = block.fragments as readonly { readonly text: string }[];
  return { reason: block.reason, fragments: fragments.map(({ text }) => text) };
}

/** The entry as expected; where a pattern is expected that fits, the entry as it is. */
function expectedEntry({ kind, text }: HookRunEntry, actual: HookRunEntry | undefined): unknown {
  const pattern = /^\/(.*)\/$/s.exec(text)?.[1];
  if (pattern === undefined) return { kind, text };
  const fits = actual !== undefined && new RegExp(pattern).test(actual.text);
  return { kind, text: fits ? actual.text : text };
}

const files = [...hookEventNames.map(hookEventLabel), "claude", "gemini"];

for (const file of files) {
  for (const fixture of await casesOf(file)) {
    test.concurrent(`${fixture.dialect}, ${fixture.event}: ${fixture.name}`, async () => {
      const actual = await outcomeOf(fixture);
      const entries = fixture.expect.entries.map((entry, index) =>
        expectedEntry(entry, actual.entries?.[index]),
      );
      expect(actual).toEqual({ ...fixture.expect, entries });
    });
  }
}
