import { describe, expect, test } from "vitest";
import {
  defaultFeatures,
  type FeatureKey,
  featureAliases,
  featureForKey,
  featureListRows,
  featureSpecs,
  featuresFromSources,
  formatFeatureList,
  isKnownFeatureKey,
  knownFeatureKeys,
} from "./index.ts";

const platforms = ["linux", "darwin", "win32", "freebsd"] as const;

describe("the registry", () => {
  test.each(platforms)("on %s, what is under development is off by default", (platform) => {
    const unfinished = featureSpecs(platform).filter(({ stage }) => stage === "under development");
    expect(unfinished.filter(({ defaultEnabled }) => defaultEnabled)).toEqual([]);
    expect(unfinished.length).toBeGreaterThan(10);
  });

  test.each(platforms)("on %s, only stable and removed features are on by default", (platform) => {
    const stages = featureSpecs(platform)
      .filter(({ defaultEnabled }) => defaultEnabled)
      .map(({ stage }) => stage);
    expect(new Set(stages)).toEqual(new Set(["stable", "removed"]));
  });

  test("no key stands twice, and no alias hides a key", () => {
    const keys = featureSpecs().map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(
      Object.keys(featureAliases).filter((alias) => keys.some((key) => key === alias)),
    ).toEqual([]);
  });

  test("js_repl is experimental, off, and its description names the Node version it needs", () => {
    const spec = featureSpecs("linux").find(({ key }) => key === "js_repl");
    expect(spec).toMatchObject({ stage: "experimental", defaultEnabled: false });
    expect(spec?.menu?.description).toMatch(/Node\.js \d+\.\d+\.\d+/);
    expect(spec?.menu?.announcement).toBeTypeOf("string");
  });

  test("guardian_approval has a menu entry without an announcement", () => {
    const spec = featureSpecs("linux").find(({ key }) => key === "guardian_approval");
    expect(Object.keys(spec?.menu ?? {})).toEqual(["name", "description"]);
  });

  test("unified_exec is on except on Windows", () => {
    expect(platforms.map((platform) => defaultFeatures(platform).enabled("unified_exec"))).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  test("prevent_idle_sleep is experimental where the platform has a way to do it", () => {
    const stageOn = (platform: NodeJS.Platform) =>
      featureSpecs(platform).find(({ key }) => key === "prevent_idle_sleep")?.stage;
    expect(platforms.map(stageOn)).toEqual([
      "experimental",
      "experimental",
      "experimental",
      "under development",
    ]);
  });
});

describe("names", () => {
  test("a canonical key and an alias name the same feature", () => {
    expect(featureForKey("multi_agent")).toBe("multi_agent");
    expect(featureForKey("collab")).toBe("multi_agent");
    expect(featureForKey("constructor")).toBeUndefined();
    expect(isKnownFeatureKey("use_linux_sandbox_bwrap")).toBe(true);
    expect(isKnownFeatureKey("smart_approvals")).toBe(false);
  });

  test("the known keys are the registry and the aliases", () => {
    expect(knownFeatureKeys().length).toBe(
      featureSpecs().length + Object.keys(featureAliases).length,
    );
    expect(knownFeatureKeys().every(isKnownFeatureKey)).toBe(true);
  });
});

describe("Features", () => {
  const defaults = defaultFeatures("linux");

  test("with gives a new value and leaves the old one", () => {
    const changed = defaults.with({ undo: true, shell_tool: false });
    expect([changed.enabled("undo"), changed.enabled("shell_tool")]).toEqual([true, false]);
    expect([defaults.enabled("undo"), defaults.enabled("shell_tool")]).toEqual([false, true]);
  });

  test("enabledFeatures keeps the registry's order", () => {
    const on = defaults.with({ undo: true }).enabledFeatures();
    const order = featureSpecs("linux")
      .filter(({ key, defaultEnabled }) => defaultEnabled || key === "undo")
      .map(({ key }) => key);
    expect(on).toEqual(order);
  });

  test("code_mode_only brings code_mode with it, and not the other way round", () => {
    expect(defaults.with({ code_mode_only: true }).enabled("code_mode")).toBe(true);
    expect(defaults.with({ code_mode: true }).enabled("code_mode_only")).toBe(false);
  });

  test("enable_fanout brings multi_agent with it, and not the other way round", () => {
    const off = defaults.with({ multi_agent: false });
    expect(off.with({ enable_fanout: true }).enabled("multi_agent")).toBe(true);
    expect(off.with({ multi_agent: true }).enabled("enable_fanout")).toBe(false);
  });

  test("js_repl_tools_only without js_repl is off", () => {
    expect(defaults.with({ js_repl_tools_only: true }).enabled("js_repl_tools_only")).toBe(false);
    const both = defaults.with({ js_repl_tools_only: true, js_repl: true });
    expect(both.enabled("js_repl_tools_only")).toBe(true);
  });
});

describe("featuresFromSources", () => {
  const states = (
    sources: Parameters<typeof featuresFromSources>[0],
    ...keys: readonly FeatureKey[]
  ) => {
    const { features } = featuresFromSources({ platform: "linux", ...sources });
    return keys.map((key) => features.enabled(key));
  };

  test("base, profile and overrides all count, and the last one to speak wins", () => {
    const sources = {
      base: { features: { plugins: true, undo: true } },
      profile: {
        features: { code_mode_only: true, undo: false },
        include_apply_patch_tool: true,
      },
      overrides: { features: { web_search_request: false, undo: true } },
    };
    expect(
      states(
        sources,
        "plugins",
        "code_mode_only",
        "code_mode",
        "apply_patch_freeform",
        "web_search_request",
        "undo",
      ),
    ).toEqual([true, true, true, true, false, true]);
  });

  test("the canonical key wins over its alias in one source", () => {
    expect(
      states({ base: { features: { multi_agent: false, collab: true } } }, "multi_agent"),
    ).toEqual([false]);
    expect(
      states({ base: { features: { memories: true, memory_tool: false } } }, "memories"),
    ).toEqual([true]);
  });

  test("an alias in a later source wins over the canonical key of an earlier one", () => {
    expect(
      states(
        {
          base: { features: { multi_agent: true } },
          overrides: { features: { collab: false } },
        },
        "multi_agent",
      ),
    ).toEqual([false]);
  });

  test("the [features] table wins over the loose switches, freeform over include", () => {
    expect(
      states(
        {
          base: {
            features: { unified_exec: true },
            experimental_use_unified_exec_tool: false,
            include_apply_patch_tool: true,
            experimental_use_freeform_apply_patch: false,
          },
        },
        "unified_exec",
        "apply_patch_freeform",
      ),
    ).toEqual([true, false]);
  });

  test("requests, older names and unknown keys are reported", () => {
    const resolved = featuresFromSources({
      base: {
        features: { memory_tool: true, smart_approvals: true, undo: true },
        experimental_use_unified_exec_tool: true,
      },
      overrides: { features: { undo: false, web_search_cached: false } },
    });
    expect({
      requested: Object.fromEntries(resolved.requested),
      legacyUses: resolved.legacyUses,
      unknownKeys: resolved.unknownKeys,
    }).toEqual({
      requested: { memories: true, unified_exec: true, undo: false, web_search_cached: false },
      legacyUses: [
        {
          alias: "experimental_use_unified_exec_tool",
          feature: "unified_exec",
          label: "experimental_use_unified_exec_tool",
        },
        { alias: "memory_tool", feature: "memories", label: "[features].memory_tool" },
        {
          alias: "web_search_cached",
          feature: "web_search_cached",
          label: "[features].web_search_cached",
        },
      ],
      unknownKeys: ["smart_approvals"],
    });
  });
});

test("the list is sorted by key, in columns at least two blanks apart", () => {
  const rows = featureListRows(defaultFeatures("linux").with({ undo: true }), "linux");
  expect(rows.map(({ key }) => key)).toEqual(
    featureSpecs()
      .map(({ key }) => key)
      .toSorted(),
  );
  expect(rows.find(({ key }) => key === "undo")).toEqual({
    key: "undo",
    stage: "stable",
    enabled: true,
    implemented: true,
  });
  const lines = formatFeatureList(rows).trimEnd().split("\n");
  expect(lines).toHaveLength(rows.length);
  expect(lines[0]).toBe("apply_patch_freeform             under development  false");
  expect(lines.every((line) => line.split(/ {2,}/).length === 3)).toBe(true);
});
