import type { ModelInfo } from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import { type ToolSelection, selectTools } from "./select-tools.ts";

const model: ModelInfo = {
  slug: "m",
  display_name: "M",
  base_instructions: "",
  supported_reasoning_levels: [],
  shell_type: "shell_command",
  visibility: "list",
  supported_in_api: true,
  priority: 0,
  supports_reasoning_summaries: false,
  support_verbosity: false,
  apply_patch_tool_type: "freeform",
  truncation_policy: { mode: "tokens", limit: 10_000 },
  supports_parallel_tool_calls: true,
  experimental_supported_tools: [],
};

const selection: ToolSelection = {
  model,
  shellTool: true,
  unifiedExec: true,
  applyPatchFreeform: false,
  allowLoginShell: true,
  webSearch: "cached",
};

/** The names of what is offered, and of what answers beside it. */
function names(parts: Partial<ToolSelection>, ofModel: Partial<ModelInfo> = {}) {
  const tools = selectTools({ ...selection, ...parts, model: { ...model, ...ofModel } });
  return {
    offered: tools.filter(({ spec }) => spec !== undefined).map(({ name }) => name),
    hidden: tools.filter(({ spec }) => spec === undefined).map(({ name }) => name),
  };
}

const hiddenShells = ["shell", "container.exec", "local_shell", "shell_command"];

describe("selectTools", () => {
  test("offers the tools in their order, and answers to the older shells", () => {
    expect(names({})).toEqual({
      offered: [
        "exec_command",
        "write_stdin",
        "update_plan",
        "apply_patch",
        "web_search",
        "view_image",
      ],
      hidden: hiddenShells,
    });
  });

  test.each([
    ["default", ["shell"]],
    ["local", ["local_shell"]],
    ["unified_exec", ["exec_command", "write_stdin"]],
    ["shell_command", ["shell_command"]],
    ["disabled", []],
  ] as const)("without unified exec a model of shell type %s gets %j", (shell_type, shells) => {
    const { offered, hidden } = names({ unifiedExec: false }, { shell_type });
    expect(offered.slice(0, offered.indexOf("update_plan"))).toEqual(shells);
    const isOffered = (name: string): boolean => (shells as readonly string[]).includes(name);
    expect(hidden).toEqual(
      shell_type === "disabled" ? [] : hiddenShells.filter((name) => !isOffered(name)),
    );
  });

  test("without the shell feature nothing runs commands", () => {
    expect(names({ shellTool: false })).toEqual({
      offered: ["update_plan", "apply_patch", "web_search", "view_image"],
      hidden: [],
    });
  });

  test("apply_patch takes the model's form, else freeform where that is turned on", () => {
    const form = (applyPatchFreeform: boolean, type: "freeform" | "function" | null) =>
      selectTools({
        ...selection,
        applyPatchFreeform,
        model: { ...model, apply_patch_tool_type: type },
      }).find(({ name }) => name === "apply_patch")?.spec?.type;
    expect([
      form(/*applyPatchFreeform*/ false, "freeform"),
      form(/*applyPatchFreeform*/ false, "function"),
      form(/*applyPatchFreeform*/ false, /*type*/ null),
      form(/*applyPatchFreeform*/ true, /*type*/ null),
    ]).toEqual(["custom", "function", undefined, "custom"]);
  });

  test("the web search says whether it is live, and is left out when it is off", () => {
    const search = (webSearch: ToolSelection["webSearch"]) =>
      selectTools({ ...selection, webSearch }).find(({ name }) => name === "web_search")?.spec;
    expect([search("cached"), search("live"), search("disabled")]).toEqual([
      { type: "web_search", external_web_access: false },
      { type: "web_search", external_web_access: true },
      undefined,
    ]);
  });

  test("the web search carries what the settings say of it, and images where the model reads them", () => {
    const webSearchSettings = {
      contextSize: "high",
      allowedDomains: ["example.com"],
      location: { country: "NL", region: undefined, city: "Delft", timezone: "Europe/Amsterdam" },
    } as const;
    const model = { ...selection.model, web_search_tool_type: "text_and_image" } as const;
    const tools = selectTools({ ...selection, model, webSearchSettings });
    expect(tools.find(({ name }) => name === "web_search")?.spec).toStrictEqual({
      type: "web_search",
      external_web_access: false,
      filters: { allowed_domains: ["example.com"] },
      user_location: {
        type: "approximate",
        country: "NL",
        city: "Delft",
        timezone: "Europe/Amsterdam",
      },
      search_context_size: "high",
      search_content_types: ["text", "image"],
    });
  });

  test("test_sync_tool is for models that list it", () => {
    const { offered } = names({}, { experimental_supported_tools: ["test_sync_tool"] });
    expect(offered.slice(3, 6)).toEqual(["apply_patch", "test_sync_tool", "web_search"]);
  });

  test("names are distinct, and every function is strict about its fields", () => {
    const tools = selectTools({
      ...selection,
      execPermissionApprovals: true,
      imageDetailOriginal: true,
      model: { ...model, supports_image_detail_original: true, apply_patch_tool_type: "function" },
    });
    expect(new Set(tools.map(({ name }) => name)).size).toBe(tools.length);
    const specs = tools.flatMap(({ spec }) => (spec?.type === "function" ? [spec] : []));
    expect(specs.map(({ name }) => name)).toEqual([
      "exec_command",
      "write_stdin",
      "update_plan",
      "apply_patch",
      "view_image",
    ]);
    for (const { strict, parameters } of specs) {
      const properties = Object.keys(parameters.properties ?? {});
      expect({ strict, open: parameters.additionalProperties }).toEqual({
        strict: false,
        open: false,
      });
      expect(properties).toEqual(properties.toSorted());
      expect(properties).toEqual(expect.arrayContaining([...(parameters.required ?? [])]));
    }
  });

  test("exec_command has its parameters in name order", () => {
    const spec = selectTools(selection)[0]?.spec;
    expect(
      spec?.type === "function" ? Object.keys(spec.parameters.properties ?? {}) : null,
    ).toEqual([
      "cmd",
      "justification",
      "login",
      "max_output_tokens",
      "prefix_rule",
      "sandbox_permissions",
      "shell",
      "tty",
      "workdir",
      "yield_time_ms",
    ]);
  });
});
