import { expect, test } from "vitest";
import { bundledCatalogue, decodeModels } from "./index.ts";

const [entry] = bundledCatalogue;
if (entry === undefined) throw new Error("the catalogue is empty");

test("the bundled catalogue survives the way through JSON", () => {
  const sent = JSON.parse(JSON.stringify(bundledCatalogue)) as unknown[];
  // A null says no more than a missing key.
  const models = bundledCatalogue.map(({ apply_patch_tool_type: tool, ...model }) =>
    tool == null ? model : { ...model, apply_patch_tool_type: tool },
  );
  expect(decodeModels(sent)).toEqual({ models, warnings: [] });
});

test("keys of other versions are dropped, absent ones stay absent", () => {
  const required = {
    slug: "acme-1",
    display_name: "Acme 1",
    base_instructions: "Be kind.",
    supported_reasoning_levels: [],
    shell_type: "default",
    visibility: "list",
    supported_in_api: true,
    priority: -10_000,
    supports_reasoning_summaries: false,
    support_verbosity: false,
    truncation_policy: { mode: "bytes", limit: 10_000 },
    supports_parallel_tool_calls: false,
    experimental_supported_tools: [],
  };
  const sent = { ...required, minimal_client_version: "0.98.0", available_in_plans: ["pro"] };
  expect(decodeModels([sent])).toEqual({ models: [required], warnings: [] });
});

test("an entry that cannot be read is left out with a warning, the others stay", () => {
  const { slug: _, ...nameless } = entry;
  expect(decodeModels([{ ...entry, shell_type: "telepathy" }, entry, nameless, 7])).toEqual({
    models: [entry],
    warnings: [
      "the model gpt-5.3-codex of the catalogue is left out: shell_type must be one of default, local, unified_exec, disabled, shell_command",
      "model number 3 of the catalogue is left out: slug is missing",
      "model number 4 of the catalogue is left out: it is not a table",
    ],
  });
});
