import nodeFs from "node:fs/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyTable, parseToml, type TomlTable, type TomlValue } from "./toml.ts";
import { ConfigError } from "./index.ts";
import { configTomlSchema } from "./schemas.ts";
import { settingsShape } from "./settings-shape.ts";
import { findProblems, type Shape, unknownKeys } from "./shape.ts";
import { makeTempHome, type TempHome } from "./testing/temp-home.ts";

let temp: TempHome;
beforeAll(async () => {
  temp = await makeTempHome();
});
afterAll(() => temp[Symbol.asyncDispose]());

/** Loads `text` as the person's file. Anything but a ConfigError fails the test. */
async function loadText(
  text: string,
  cli: readonly string[] = [],
): Promise<"loaded" | ConfigError> {
  await nodeFs.writeFile(temp.userFile, text);
  try {
    const loaded = await temp.load({ overrides: { cli } });
    loaded.origins();
    return "loaded";
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** What can be shown of the outcome; never empty. */
function shown(outcome: "loaded" | ConfigError): string {
  if (outcome === "loaded") return outcome;
  return outcome.display.includes(outcome.message) ? outcome.message : "";
}

const characters = Array.from("[]{}=.,\"'#\\\n ");

const usual = `
model = "gpt-5"
profile = "work"
approval_policy = { granular = { rules = true } }
sandbox_mode = "workspace-write"
notify = ["a", 'b']
project_root_markers = [".git"]
[sandbox_workspace_write]
writable_roots = ["~/x", "../y"]
[features]
undo = true
[profiles.work]
model_verbosity = "low"
tools.web_search = { context_size = "low", location = { city = "x" } }
[model_providers."a.b"]
name = "A"
http_headers = { X = "y" }
[model_providers.c]
name = "C"
[model_providers.c.auth]
command = "t"
[mcp_servers.s]
command = "c" # note
env = { K = """v
w""" }
[mcp_servers.s.tools.t]
approval_mode = "auto"
[[skills.config]]
path = "s"
enabled = false
[agents.scout]
description = "d"
[otel.exporter.otlp-http]
endpoint = "e"
[projects."/w"]
trust_level = "trusted"
`;

test("the usual file loads", async () => {
  expect(await loadText(usual)).toBe("loaded");
});

test("no text crashes: cuts, swaps and insertions in the usual file", async () => {
  const at = fc.nat({ max: usual.length });
  const piece = fc.constantFrom(
    ...characters,
    '"""',
    "[[",
    "]]",
    "= 1",
    '= "x"',
    "= []",
    "= {}",
    "= true",
    "= 1979-05-27",
    "= 99999999999999999999",
    "= nan",
    "__proto__",
    "constructor",
    "\0",
    "\uFEFF",
    "😀",
  );
  const mutation = fc.oneof(
    fc.tuple(at, fc.nat({ max: 30 })).map(([start, length]) => (text: string) => {
      return text.slice(0, start) + text.slice(start + length);
    }),
    fc.tuple(at, piece).map(([start, inserted]) => (text: string) => {
      return text.slice(0, start) + inserted + text.slice(start);
    }),
    fc.tuple(fc.nat({ max: 60 }), piece).map(([line, inserted]) => (text: string) => {
      const lines = text.split("\n");
      const index = line % lines.length;
      lines[index] = (lines[index] ?? "").replace(/ = .*/, ` ${inserted}`);
      return lines.join("\n");
    }),
  );
  let loaded = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
      const outcome = await loadText(mutations.reduce((text, mutate) => mutate(text), usual));
      expect(shown(outcome)).not.toBe("");
      if (outcome === "loaded") loaded += 1;
      else refused += 1;
    }),
    { numRuns: 250 },
  );
  expect(loaded).toBeGreaterThan(10);
  expect(refused).toBeGreaterThan(10);
});

test("no -c item crashes", async () => {
  const item = fc.string({ unit: fc.constantFrom(...characters, "a", "1", "tui", "features") });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 3 }), async (cli) => {
      expect(shown(await loadText("", cli))).not.toBe("");
    }),
    { numRuns: 100 },
  );
});

test.each([
  ["deep headers", `[${"a.".repeat(5000)}a]`],
  ["deep arrays", `a = ${"[".repeat(5000)}${"]".repeat(5000)}`],
  ["deep tables", `a = ${"{a=".repeat(5000)}1${"}".repeat(5000)}`],
  ["a long line", `model = "${"x".repeat(1_000_000)}"`],
  ["many tables", "[[skills.config]]\nname = 1\n".repeat(1000)],
])("no text crashes: %s", async (_name, text) => {
  expect(shown(await loadText(text))).not.toBe("");
});

test("names that objects have of their own are ordinary keys", async () => {
  await nodeFs.writeFile(
    temp.userFile,
    `__proto__ = 1\n[constructor]\nprototype = 1\n[mcp_servers.constructor]\ncommand = "c"\n[mcp_servers.toString]\ncommand = "d"\n`,
  );
  const { config, warnings } = await temp.load();
  expect(Object.keys(config.mcpServers)).toEqual(["constructor", "toString"]);
  expect(warnings.map(({ key }) => key)).toEqual(["__proto__", "constructor"]);
});

/** Values for a shape: mostly right ones, sometimes something else. */
function valuesOf(shape: Shape): fc.Arbitrary<TomlValue> {
  const anything: fc.Arbitrary<TomlValue> = fc.constantFrom(
    "x",
    "",
    "a\0b",
    0,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    70_000,
    true,
    [],
    ["x"],
    [1],
    emptyTable(),
    toTable({ unknown: 1 }),
  );
  return fc.oneof(
    { weight: 12, arbitrary: rightValuesOf(shape) },
    { weight: 1, arbitrary: anything },
  );
}

function toTable(entries: Readonly<Record<string, TomlValue>>): TomlTable {
  return Object.assign(emptyTable(), entries);
}

function rightValuesOf(shape: Shape): fc.Arbitrary<TomlValue> {
  if (typeof shape === "string") {
    return fc.constantFrom<TomlValue>(...(shape === "boolean" ? [true, false] : ["x", "y"]));
  }
  if ("words" in shape) return fc.constantFrom(...shape.words);
  if ("whole" in shape) return fc.constantFrom(Math.max(1, shape.whole[0]));
  if ("atLeast" in shape) return fc.constantFrom(shape.atLeast + 0.5);
  if ("oneOf" in shape) return fc.oneof(...shape.oneOf.map(valuesOf));
  if ("each" in shape) return fc.array(valuesOf(shape.each), { maxLength: 2 });
  if ("entries" in shape) {
    return fc.dictionary(fc.constantFrom("a", "b"), valuesOf(shape.entries)).map(toTable);
  }
  const { keys, required = [], others } = shape;
  const known = fc.record(
    Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, valuesOf(value)])),
    { requiredKeys: [...required] },
  );
  if (others === undefined) return known.map(toTable);
  return fc.tuple(known, fc.option(valuesOf(others))).map(([table, other]) => {
    return toTable(other === null ? table : { ...table, extra: other });
  });
}

/** Whether the schemas find fault. A provider's own rules aside: those are checked by its package. */
function isRefusedBySchema(table: TomlTable): boolean {
  const { error } = configTomlSchema.safeParse(table);
  return (error?.issues ?? []).some(
    ({ code, path }) => code !== "custom" || path[0] !== "model_providers",
  );
}

test("the check by shape and the schemas agree on what is wrong", () => {
  const verdicts = { right: 0, wrong: 0 };
  const { keys } = settingsShape as { keys: Readonly<Record<string, Shape>> };
  const oneKey = fc
    .constantFrom(...Object.entries(keys))
    .chain(([key, shape]) => valuesOf(shape).map((value) => toTable({ [key]: value })));
  fc.assert(
    fc.property(oneKey, (table) => {
      const isWrong = findProblems(settingsShape, table).length > 0;
      verdicts[isWrong ? "wrong" : "right"] += 1;
      expect(isRefusedBySchema(table)).toBe(isWrong);
    }),
    { numRuns: 2000 },
  );
  expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThan(150);
});

test("there is nothing to say about the usual file", async () => {
  const table = await parseToml(usual);
  expect(findProblems(settingsShape, table)).toEqual([]);
  expect([...unknownKeys(settingsShape, table)]).toEqual([]);
});
