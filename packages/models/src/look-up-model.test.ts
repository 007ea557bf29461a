import { describe, expect, test } from "vitest";
import {
  type ModelOverrides,
  autoCompactTokenLimit,
  baseInstructions,
  bundledCatalogue,
  effectiveContextWindow,
  lookUpModel,
} from "./index.ts";

/** The description tells which entry was found. */
const entry = (slug: string) => ({
  ...lookUpModel(bundledCatalogue, "gpt-5.4"),
  slug,
  description: slug,
});
const found = (slugs: readonly string[], name: string) => {
  const model = lookUpModel(slugs.map(entry), name);
  expect(model.slug).toBe(name);
  return model.used_fallback_model_metadata === true ? "fallback" : model.description;
};

describe("the entry that a name finds", () => {
  test.each([
    ["gpt-5.3-codex", "gpt-5.3-codex"],
    ["gpt-5.3-codex-test", "gpt-5.3-codex"],
    ["gpt-5.3-mini", "gpt-5.3"],
    ["gpt-5.3:latest", "gpt-5.3"],
    ["gpt-5.3@2026-01-01", "gpt-5.3"],
    ["gpt-5.3-", "gpt-5.3"],
    ["gpt-5.30", "fallback"],
    ["gpt-5.3.1", "fallback"],
    ["gpt-5.3codex", "fallback"],
    ["gpt-5", "fallback"],
    ["GPT-5.3", "fallback"],
    ["", "fallback"],
  ])("%j → %s", (name, expected) => {
    expect(found(["gpt-5.3", "gpt-5.3-codex"], name)).toBe(expected);
  });

  test.each([
    ["custom/gpt-image", "gpt-image"],
    ["my_ns2/gpt-image-large", "gpt-image"],
    ["/gpt-image", "gpt-image"],
    ["ns1/ns2/gpt-image", "fallback"],
    ["my-ns/gpt-image", "fallback"],
    ["ns/other", "fallback"],
  ])("one name space is passed over: %j → %s", (name, expected) => {
    expect(found(["gpt-image"], name)).toBe(expected);
  });

  test("a slug that holds a slash is found before the name space is passed over", () => {
    expect(found(["image", "ns/image"], "ns/image")).toBe("ns/image");
  });

  test.each([
    ["gpt-oss:20b", "gpt-oss-20b"],
    ["openai/gpt-oss-20b", "gpt-oss-20b"],
    ["openai/gpt-oss:20b", "gpt-oss-20b"],
    ["gpt-oss:7b", "fallback"],
  ])("local servers have their own spelling: %j → %s", (name, expected) => {
    expect(found(["gpt-oss-20b"], name)).toBe(expected);
  });

  test("an entry keeps everything but its slug", () => {
    const model = lookUpModel(bundledCatalogue, "gpt-5.2-2026-01-01");
    const known = bundledCatalogue.find(({ slug }) => slug === "gpt-5.2");
    expect(model).toEqual({ ...known, slug: "gpt-5.2-2026-01-01" });
  });

  test("5.1 and 5.10 are different models", () => {
    expect(lookUpModel(bundledCatalogue, "gpt-5.10").used_fallback_model_metadata).toBe(true);
    expect(lookUpModel(bundledCatalogue, "gpt-50").used_fallback_model_metadata).toBe(true);
  });
});

test("a model that nobody knows gets cautious values", () => {
  expect(lookUpModel(bundledCatalogue, "acme-1")).toEqual({
    slug: "acme-1",
    display_name: "acme-1",
    base_instructions: baseInstructions,
    supported_reasoning_levels: [],
    shell_type: "default",
    visibility: "none",
    supported_in_api: true,
    priority: 99,
    supports_reasoning_summaries: false,
    default_reasoning_summary: "auto",
    support_verbosity: false,
    web_search_tool_type: "text",
    truncation_policy: { mode: "bytes", limit: 10_000 },
    supports_parallel_tool_calls: false,
    supports_image_detail_original: false,
    supports_search_tool: false,
    context_window: 272_000,
    effective_context_window_percent: 95,
    experimental_supported_tools: [],
    input_modalities: ["text", "image"],
    used_fallback_model_metadata: true,
  });
});

describe("what the configuration overrides", () => {
  const changed = (name: string, overrides: ModelOverrides) => {
    const before = lookUpModel(bundledCatalogue, name);
    const after = lookUpModel(bundledCatalogue, name, overrides);
    const keys = Object.keys(after) as (keyof typeof after)[];
    return Object.fromEntries(
      keys
        .filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]))
        .map((key) => [key, after[key]]),
    );
  };

  test("nothing given, nothing changed", () => {
    expect(changed("gpt-5.4", {})).toEqual({});
  });

  test("summaries are switched on by true, and false does nothing", () => {
    expect(changed("acme-1", { supportsReasoningSummaries: true })).toEqual({
      supports_reasoning_summaries: true,
    });
    expect(changed("acme-1", { supportsReasoningSummaries: false })).toEqual({});
    expect(changed("gpt-5.4", { supportsReasoningSummaries: false })).toEqual({});
  });

  test("a tool output limit is in tokens: as it is, or four bytes each", () => {
    expect(changed("gpt-5.4", { toolOutputTokenLimit: 50 })).toEqual({
      truncation_policy: { mode: "tokens", limit: 50 },
    });
    expect(changed("gpt-5.2", { toolOutputTokenLimit: 50 })).toEqual({
      truncation_policy: { mode: "bytes", limit: 200 },
    });
  });

  test("window, compaction limit and instructions are replaced", () => {
    const overrides = {
      contextWindow: 1000,
      autoCompactTokenLimit: 500,
      baseInstructions: "Be kind.",
    };
    expect(changed("gpt-5.4", overrides)).toEqual({
      context_window: 1000,
      auto_compact_token_limit: 500,
      base_instructions: "Be kind.",
    });
  });
});

describe("limits", () => {
  test.each([
    [{ context_window: 272_000 }, 258_400],
    [{ context_window: 1001, effective_context_window_percent: 50 }, 500],
    [{ context_window: null }, null],
    [{}, null],
  ])("effective window of %j: %s", (model, expected) => {
    expect(effectiveContextWindow(model)).toBe(expected);
  });

  test.each([
    [{ context_window: 272_000 }, 244_800],
    [{ context_window: 1000, auto_compact_token_limit: 500 }, 500],
    [{ context_window: 1000, auto_compact_token_limit: 950 }, 900],
    [{ auto_compact_token_limit: 950 }, 950],
    [{ context_window: null, auto_compact_token_limit: null }, null],
  ])("compaction limit of %j: %s", (model, expected) => {
    expect(autoCompactTokenLimit(model)).toBe(expected);
  });
});
