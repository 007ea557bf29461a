// Layouts as the released command line gives them to the model for the same scripts, wall time apart.
import { afterAll, expect, test } from "vitest";
import { CodeModeError } from "./errors.ts";
import { parseSource } from "./pragma.ts";
import { responseItems } from "./response-items.ts";
import { createCodeModeService } from "./service.ts";

const service = createCodeModeService();
afterAll(() => service[Symbol.asyncDispose]());

/** What a call of `exec` with this input is answered with; texts alone, images as their URL. */
async function exec(input: string): Promise<readonly string[]> {
  const { code, yieldTimeMs, maxOutputTokens } = parseSource(input);
  const response = await service.execute({
    toolCallId: "call",
    enabledTools: [],
    source: code,
    yieldTimeMs,
  });
  const { items } = responseItems(response, { wallTimeMs: 0, maxOutputTokens });
  return items.map((item) =>
    item.type === "input_text" ? item.text : `${item.image_url} ${item.detail ?? "-"}`,
  );
}

const completed = "Script completed\nWall time 0.0 seconds\nOutput:\n";
const failed = "Script failed\nWall time 0.0 seconds\nOutput:\n";

test.each<[string, readonly string[]]>([
  ['text("hi")', [completed, "hi"]],
  ['text("before"); exit(); text("after")', [completed, "before"]],
  ['text("")', [completed, ""]],
  [
    '// @exec: {"max_output_tokens": 6}\ntext(JSON.stringify({a:"x".repeat(60)}))',
    [completed, 'Total output lines: 1\n\n{"a":"xxxxxx…11 tokens truncated…xxxxxxxxxx"}'],
  ],
  [
    '// @exec: {"max_output_tokens": 0}\ntext(1)',
    [completed, "Total output lines: 1\n\n…1 tokens truncated…"],
  ],
  [
    '// @exec: {"max_output_tokens": 30}\ntext("A".repeat(100)); image("data:image/png;base64,AA=="); text("B".repeat(100)); text("C")',
    [
      completed,
      "A".repeat(100),
      "data:image/png;base64,AA== -",
      `${"B".repeat(10)}…20 tokens truncated…${"B".repeat(10)}`,
      "[omitted 1 text items ...]",
    ],
  ],
  [
    '// @exec: {"max_output_tokens": 2}\ntext("é".repeat(30)); text("z\\n")',
    [completed, "Total output lines: 2\n\néé…14 tokens truncated…\nz\n"],
  ],
  ['text("l1\\nl2\\n".repeat(3)); text(" ")', [completed, "l1\nl2\n".repeat(3), " "]],
  [
    'text({json:true}); text([1,null]); text(1n); text(undefined); text(null); text(Symbol("x")); text(()=>1); text()',
    [
      completed,
      '{"json":true}',
      "[1,null]",
      "1",
      "undefined",
      "null",
      "undefined",
      "undefined",
      "undefined",
    ],
  ],
  ['throw "str"', [failed, "Script error:\nstr"]],
  ["throw {a:1}", [failed, "Script error:\n[object Object]"]],
  ["throw null", [failed, "Script error:\nnull"]],
  ['throw {stack:"my stack"}', [failed, "Script error:\nmy stack"]],
  ['image({image_url:"https://x",detail:"LOW"})', [completed, "https://x low"]],
  ['import x from "fs"', [failed, "Script error:\nUnsupported import in exec: fs"]],
  [
    'store("k", new Date(0)); store("n", NaN); store("t", new Uint8Array([1,2])); text(load("k"))',
    [completed, "1970-01-01T00:00:00.000Z"],
  ],
  [
    'text(load("k")); text(load("n")); text(load("t")); text(load("zz"))',
    [completed, "1970-01-01T00:00:00.000Z", "null", '{"0":1,"1":2}', "undefined"],
  ],
  ['notify("note"); text("after")', [completed, "after"]],
])("%s", async (input, expected) => {
  expect(await exec(input)).toEqual(expected);
});

test("two texts, then an error with its place: four items", async () => {
  const items = await exec('text("a"); text("b"); throw new Error("boom")');
  expect(items.slice(0, 3)).toEqual([failed, "a", "b"]);
  expect(items).toHaveLength(4);
  expect(items[3]).toMatch(/^Script error:\nError: boom\n {4}at .*exec_main\.mjs:1:\d+\)?$/);
});

test("a circular value is named as such", async () => {
  const items = await exec("const c = {}; c.c = c; text(c)");
  expect(items[1]).toMatch(/^Script error:\nTypeError: Converting circular structure to JSON\n/);
  expect(items[1]).toContain("exec_main.mjs:1:");
});

test("a syntax error is named with its line", async () => {
  const items = await exec("text(1);\nlet x = ;");
  expect(items).toHaveLength(2);
  expect(items[1]).toMatch(/^Script error:\nSyntaxError: .+\n.*exec_main\.mjs:2/);
});

test.each(["", "// @exec: {}", '// @exec: {"nope": 1}\n1'])(
  "%j is refused before a cell is made of it",
  async (input) => {
    await expect(exec(input)).rejects.toThrow(CodeModeError);
  },
);
