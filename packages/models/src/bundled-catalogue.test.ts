import { describe, expect, test } from "vitest";
import { baseInstructions, bundledCatalogue, defaultModel, effortAfterSwitch } from "./index.ts";

const low = "low medium high";
const wide = "low medium high xhigh";

test("the facts of the bundled models", () => {
  const rows = bundledCatalogue.map((model) => [
    model.slug,
    model.priority,
    model.visibility,
    model.supported_reasoning_levels.map(({ effort }) => effort).join(" "),
    model.truncation_policy.mode,
    model.shell_type,
    model.supports_parallel_tool_calls,
    model.support_verbosity ? (model.default_verbosity ?? "no default") : null,
    model.default_reasoning_summary,
    model.upgrade?.model,
  ]);
  // prettier-ignore
  expect(rows).toEqual([
    ["gpt-5.3-codex", 0, "list", wide, "tokens", "shell_command", true, "low", "none", "gpt-5.4"],
    ["gpt-5.4", 0, "list", wide, "tokens", "shell_command", true, "low", "none", undefined],
    ["gpt-5.2-codex", 3, "list", wide, "tokens", "shell_command", true, null, "auto", "gpt-5.4"],
    ["gpt-5.1-codex-max", 4, "list", wide, "tokens", "shell_command", false, null, "auto", "gpt-5.4"],
    ["gpt-5.1-codex", 5, "hide", low, "tokens", "shell_command", false, null, "auto", "gpt-5.3-codex"],
    ["gpt-5.2", 6, "list", wide, "bytes", "shell_command", true, "low", "auto", "gpt-5.4"],
    ["gpt-5.1", 7, "hide", low, "bytes", "shell_command", true, "low", "auto", "gpt-5.3-codex"],
    ["gpt-5-codex", 10, "hide", low, "tokens", "shell_command", false, null, "auto", "gpt-5.3-codex"],
    ["gpt-5", 11, "hide", `minimal ${low}`, "bytes", "default", false, "no default", "auto", "gpt-5.3-codex"],
    ["gpt-oss-120b", 11, "hide", low, "bytes", "default", false, "no default", "auto", undefined],
    ["gpt-oss-20b", 11, "hide", low, "bytes", "default", false, "no default", "auto", undefined],
    ["gpt-5.1-codex-mini", 12, "list", "medium high", "tokens", "shell_command", false, null, "auto", "gpt-5.4"],
    ["gpt-5-codex-mini", 13, "hide", "medium high", "tokens", "shell_command", false, null, "auto", "gpt-5.3-codex"],
  ]);
});

test("what all bundled models have in common, and the exceptions", () => {
  const slugsWith = (property: (model: (typeof bundledCatalogue)[number]) => boolean) =>
    bundledCatalogue.filter(property).map(({ slug }) => slug);

  expect(
    bundledCatalogue.every(
      (model) =>
        model.default_reasoning_level === "medium" &&
        model.supported_in_api &&
        model.supports_reasoning_summaries &&
        model.truncation_policy.limit === 10_000 &&
        model.base_instructions === baseInstructions,
    ),
  ).toBe(true);
  expect(slugsWith(({ apply_patch_tool_type: type }) => type !== "freeform")).toEqual(["gpt-5"]);
  expect(slugsWith((model) => model.supports_image_detail_original === true)).toEqual([
    "gpt-5.3-codex",
    "gpt-5.4",
  ]);
  const local = ["gpt-oss-120b", "gpt-oss-20b"];
  expect(slugsWith(({ context_window }) => context_window !== 272_000)).toEqual(local);
  expect(slugsWith(({ context_window }) => context_window === 128_000)).toEqual(local);
  expect(slugsWith(({ input_modalities: kinds }) => kinds?.join() !== "text,image")).toEqual(local);
});

test("the base instructions stay short", () => {
  expect(baseInstructions.split(/\s+/).length).toBeLessThanOrEqual(900);
});

describe("defaultModel", () => {
  const [first] = bundledCatalogue;
  if (first === undefined) throw new Error("the catalogue is empty");
  const entry = (slug: string, other: Partial<typeof first>) => ({ ...first, slug, ...other });

  test("is the first of the bundled ones", () => {
    expect(defaultModel(bundledCatalogue, { chatgpt: false })?.slug).toBe("gpt-5.3-codex");
  });

  test("is the visible one of the lowest priority, even if a hidden one is lower", () => {
    const catalogue = [
      entry("later", { priority: 2 }),
      entry("visible", { priority: 1 }),
      entry("hidden", { priority: 0, visibility: "hide" }),
    ];
    expect(defaultModel(catalogue, { chatgpt: true })?.slug).toBe("visible");
  });

  test("without a visible one, is the first of all", () => {
    const catalogue = [
      entry("b", { priority: 2, visibility: "hide" }),
      entry("a", { priority: 1, visibility: "hide" }),
    ];
    expect(defaultModel(catalogue, { chatgpt: true })?.slug).toBe("a");
    expect(defaultModel([], { chatgpt: true })).toBeUndefined();
  });

  test("for an API key, is one that the API offers", () => {
    const catalogue = [entry("chat", { supported_in_api: false }), entry("api", { priority: 5 })];
    expect(defaultModel(catalogue, { chatgpt: false })?.slug).toBe("api");
    expect(defaultModel(catalogue, { chatgpt: true })?.slug).toBe("chat");
  });
});

describe("effortAfterSwitch", () => {
  const levels = (...efforts: ("low" | "medium" | "high" | "xhigh")[]) => ({
    supported_reasoning_levels: efforts.map((effort) => ({ effort, description: "" })),
  });

  test("an effort that the model has is kept", () => {
    expect(effortAfterSwitch(levels("low", "high"), "high")).toBe("high");
  });

  test("otherwise it is the middle one, the lower of two", () => {
    expect(effortAfterSwitch(levels("low", "medium", "high"), "xhigh")).toBe("medium");
    expect(effortAfterSwitch(levels("low", "medium", "high", "xhigh"), /*wanted*/ undefined)).toBe(
      "medium",
    );
  });

  test("a model without a list has its default, or none", () => {
    expect(effortAfterSwitch({ ...levels(), default_reasoning_level: "low" }, "high")).toBe("low");
    expect(effortAfterSwitch(levels(), "high")).toBeUndefined();
  });
});
