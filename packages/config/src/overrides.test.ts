import { describe, expect, test } from "vitest";
import { ConfigError } from "./errors.ts";
import {
  type CliOverrides,
  overridesTable,
  parseCliOverride,
  parseOverrides,
} from "./overrides.ts";

const table = async (overrides: CliOverrides) => overridesTable(await parseOverrides(overrides));

async function failure(promise: Promise<unknown>): Promise<ConfigError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof ConfigError)) throw new Error("no ConfigError was thrown");
  return error;
}

describe("the value of a -c item", () => {
  test.each<[string, unknown]>([
    ["42", 42],
    ["true", true],
    ["[1, 2, 3]", [1, 2, 3]],
    ["{a = 1, b = 2}", { a: 1, b: 2 }],
    ['"o3"', "o3"],
    ["o3", "o3"],
    ["hello", "hello"],
    ["hello world", "hello world"],
    ["", ""],
    [`'"half`, "half"],
    [`"it's`, "it's"],
    ["3 # note", 3],
    ["a=b", "a=b"],
    ["1\nother = 2", "1\nother = 2"],
    ["9223372036854775807", Number.MAX_SAFE_INTEGER],
  ])("%j is %j", async (text, value) => {
    expect((await parseCliOverride(`key=${text}`)).value).toEqual(value);
  });
});

describe("the key of a -c item", () => {
  test.each<[string, readonly string[]]>([
    ["model=x", ["model"]],
    [" model = x ", ["model"]],
    ["a.b.c=x", ["a", "b", "c"]],
    ["a . b=x", ["a", "b"]],
    ['projects."/work/a.b".trust_level=trusted', ["projects", "/work/a.b", "trust_level"]],
    [`model_providers.'a.b'.name=x`, ["model_providers", "a.b", "name"]],
    [`"a=b".c=x`, ["a=b", "c"]],
    [`"a\\"\\u002e".c=x`, ['a".', "c"]],
    ['say"hi".x=1', ['say"hi"', "x"]],
    ["use_legacy_landlock=true", ["features", "use_legacy_landlock"]],
  ])("%j is the path %j", async (item, path) => {
    expect((await parseCliOverride(item)).path).toEqual(path);
  });

  test("without = the error says so and shows how to write it", async () => {
    const error = await failure(parseCliOverride("model"));
    expect([error.code, error.message]).toEqual([
      "invalid_override",
      "Invalid override (missing '='): model; write it as key=value",
    ]);
  });

  test.each(["=x", "  = x", "a..b=1", ".a=1", "a.=1", '"".a=1'])("%j is refused", async (item) => {
    expect((await failure(parseCliOverride(item))).code).toBe("invalid_override");
  });

  test("the label names the key and never the value", async () => {
    const { label } = await parseCliOverride(
      'model_providers."a.b".experimental_bearer_token=sk-1',
    );
    expect(label).toBe('-c model_providers."a.b".experimental_bearer_token');
  });
});

describe("the order of overrides", () => {
  test("the last one wins, and a table is set whole", async () => {
    expect(
      await table({ cli: ["a.b=1", "a.c=2", "a={d=3}", "a.e=4", "x=1", "x.y=2", "z=1", "z=2"] }),
    ).toEqual({ a: { d: 3, e: 4 }, x: { y: 2 }, z: 2 });
  });

  test("enables and disables become features, in that order", async () => {
    expect(
      await parseOverrides({ enable: ["web_search_request"], disable: ["unified_exec"] }),
    ).toEqual([
      {
        path: ["features", "web_search_request"],
        value: true,
        label: "--enable web_search_request",
      },
      { path: ["features", "unified_exec"], value: false, label: "--disable unified_exec" },
    ]);
  });

  test("separate lists: -c first, then enables, then disables", async () => {
    expect(await table({ cli: ["features.undo=true"], disable: ["undo"] })).toEqual({
      features: { undo: false },
    });
    expect(await table({ enable: ["undo"], disable: ["undo"] })).toEqual({
      features: { undo: false },
    });
  });

  test("one list keeps the order of the command line", async () => {
    expect(
      await table({ cli: [{ disable: "undo" }, "features.undo=true", { enable: "steer" }] }),
    ).toEqual({ features: { undo: true, steer: true } });
  });

  test("a later switch replaces an earlier one under another name of the feature", async () => {
    expect(await table({ cli: [{ disable: "multi_agent" }, { enable: "collab" }] })).toEqual({
      features: { collab: true },
    });
  });
});

describe("feature flags", () => {
  test("a removed feature is accepted", async () => {
    expect(await table({ enable: ["use_linux_sandbox_bwrap"] })).toEqual({
      features: { use_linux_sandbox_bwrap: true },
    });
  });

  test("an unknown one is an error that names it and the nearest", async () => {
    const error = await failure(parseOverrides({ enable: ["unifed_exec"] }));
    expect([error.code, error.display]).toEqual([
      "unknown_feature",
      "--enable: Unknown feature flag: unifed_exec (did you mean `unified_exec`?)",
    ]);
    const far = await failure(parseOverrides({ disable: ["does_not_exist"] }));
    expect(far.message).toContain("Unknown feature flag: does_not_exist");
  });
});

test("a key from outside cannot reach an object's prototype", async () => {
  await table({ cli: ["__proto__.polluted=1", "constructor.prototype.polluted=1"] });
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});
