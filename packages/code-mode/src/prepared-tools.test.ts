import { expect, test } from "vitest";
import { toIdentifier } from "./identifier.ts";
import { renderToolSections } from "./instructions.ts";
import {
  createToolPreparation,
  describeTool,
  nameTools,
  renderDeclaration,
} from "./prepared-tools.ts";
import type { ToolDefinition } from "./prepared-tools.ts";

function named(tool: Partial<ToolDefinition> & { readonly name: string }) {
  const [first] = nameTools([{ description: "", kind: "function", ...tool }]);
  if (first === undefined) throw new Error("no tool");
  return first;
}

test.each([
  ["hidden-dynamic-tool", "hidden_dynamic_tool"],
  ["1st", "_st"],
  ["", "_"],
  ["a.b/c", "a_b_c"],
  ["$x9", "$x9"],
  ["a😀b", "a_b"],
  ["delete", "delete"],
])("the identifier of %j is %j", (name, identifier) => {
  expect(toIdentifier(name)).toBe(identifier);
});

test("a declaration shows what a tool takes and gives", () => {
  const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const ok = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] };
  expect(
    renderDeclaration(
      named({
        name: "hidden-dynamic-tool",
        inputSchema: { ...city, additionalProperties: false },
        outputSchema: { ...ok, additionalProperties: false },
      }),
    ),
  ).toBe(
    "declare const tools: { hidden_dynamic_tool(args: { city: string; }): Promise<{ ok: boolean; }>; };",
  );
  expect(renderDeclaration(named({ name: "apply_patch", kind: "freeform" }))).toBe(
    "declare const tools: { apply_patch(input: string): Promise<unknown>; };",
  );
  expect(renderDeclaration(named({ name: "bare" }))).toBe(
    "declare const tools: { bare(args: unknown): Promise<unknown>; };",
  );
});

test("a description carries the declaration below it", () => {
  expect(describeTool(named({ name: "bare", description: "Does it." }))).toBe(
    "Does it.\n\nexec tool declaration:\n```ts\ndeclare const tools: { bare(args: unknown): Promise<unknown>; };\n```",
  );
});

test("sections are sorted by name, one of each name", () => {
  const tools: ToolDefinition[] = [
    { name: "b-c", description: " Second.\n", kind: "freeform" },
    { name: "a", description: "First.", kind: "freeform" },
    { name: "a", description: "Again.", kind: "freeform" },
  ];
  const declared = (identifier: string) =>
    `exec tool declaration:\n\`\`\`ts\ndeclare const tools: { ${identifier}(input: string): Promise<unknown>; };\n\`\`\``;
  expect(renderToolSections(tools)).toBe(
    `### \`a\` (\`a\`)\nFirst.\n\n${declared("a")}\n\n### \`b_c\` (\`b-c\`)\nSecond.\n\n\n${declared("b_c")}`,
  );
  expect(renderToolSections([])).toBe("");
});

test("tools whose names come to one identifier are told apart, and it is said once", () => {
  const warnings: string[] = [];
  const prepare = createToolPreparation((message) => warnings.push(message));
  const tool = (name: string): ToolDefinition => ({ name, description: "", kind: "function" });
  const first = prepare([tool("a.b"), tool("a-b"), tool("a_b")]);
  expect(
    (JSON.parse(first.json) as { identifier: string; name: string }[]).map((each) => [
      each.name,
      each.identifier,
    ]),
  ).toEqual([
    ["a-b", "a_b"],
    ["a.b", "a_b_2"],
    ["a_b", "a_b_3"],
  ]);
  expect(prepare([tool("a.b"), tool("a-b"), tool("a_b")]).key).toBe(first.key);
  expect(prepare([tool("a.b")]).key).not.toBe(first.key);
  expect(warnings).toEqual([
    'Another tool has the identifier of "a.b"; scripts reach it as a_b_2.',
    'Another tool has the identifier of "a_b"; scripts reach it as a_b_3.',
  ]);
});

test("a tool without a name is refused", () => {
  const prepare = createToolPreparation(() => {});
  expect(() => prepare([{ name: "", description: "", kind: "function" }])).toThrow(
    /must have a name/,
  );
});
