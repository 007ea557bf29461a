import type { ModelInfo } from "@codex-ts/protocol";
import { expect, test } from "vitest";
import { bundledCatalogue, listModels } from "./index.ts";

const [template] = bundledCatalogue;
if (template === undefined) throw new Error("the catalogue is empty");
const model = (slug: string, more: Partial<ModelInfo>): ModelInfo => ({
  ...template,
  slug,
  ...more,
});
const efforts = (...names: readonly ("low" | "medium" | "high" | "xhigh")[]) => ({
  supported_reasoning_levels: names.map((effort) => ({ effort, description: "" })),
});

test("the list is ordered by priority, and hidden models stay in it, marked", () => {
  const list = listModels(
    [
      model("b", { priority: 1 }),
      model("hidden", { priority: 0, visibility: "hide" }),
      model("a", { priority: 1 }),
    ],
    { chatgpt: true },
  );
  expect(
    list.map(({ model: slug, isDefault, showInPicker }) => [slug, isDefault, showInPicker]),
  ).toEqual([
    ["hidden", false, false],
    ["b", true, true],
    ["a", false, true],
  ]);
});

test("an API key sees no model that it cannot use", () => {
  const catalogue = [model("chatgpt-only", { supported_in_api: false }), model("both", {})];
  const slugs = (chatgpt: boolean) => listModels(catalogue, { chatgpt }).map((each) => each.model);
  expect([slugs(/*chatgpt*/ true), slugs(/*chatgpt*/ false)]).toEqual([
    ["chatgpt-only", "both"],
    ["both"],
  ]);
});

test("an upgrade maps each effort to the nearest that the newer model has", () => {
  const upgrade = { model: "new", migration_markdown: "**new** is newer." };
  const [old] = listModels(
    [
      model("old", { upgrade, priority: 0 }),
      model("new", { ...efforts("low", "high"), priority: 1 }),
    ],
    { chatgpt: true },
  );
  expect(old?.upgrade).toEqual({
    model: "new",
    effortMapping: {
      none: "low",
      minimal: "low",
      low: "low",
      medium: "low",
      high: "high",
      xhigh: "high",
    },
    text: "**new** is newer.",
  });
});

test("an entry that says little has cautious values", () => {
  const { description: _, default_reasoning_level: __, upgrade: ___, ...terse } = template;
  expect(listModels([{ ...terse, ...efforts() }], { chatgpt: true })).toEqual([
    {
      model: template.slug,
      displayName: template.display_name,
      description: "",
      defaultEffort: "none",
      efforts: [],
      upgrade: null,
      isDefault: true,
      showInPicker: true,
    },
  ]);
});
