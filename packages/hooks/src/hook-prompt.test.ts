import type { MessageItem } from "@codex-ts/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatHookPrompt, hookPrompt, hookPromptItem, parseHookPrompt } from "./hook-prompt.ts";

test("markup is escaped; apostrophes, line breaks and tabs stay", () => {
  expect(formatHookPrompt({ text: `a & <b> "c" 'd'\n\te`, hookRunId: `r"&<>'` })).toBe(
    `<hook_prompt hook_run_id="r&quot;&amp;&lt;&gt;'">a &amp; &lt;b&gt; "c" 'd'\n\te</hook_prompt>`,
  );
});

test("what XML cannot hold is replaced, and what its parsers would change is written out", () => {
  expect(formatHookPrompt({ text: "\u001B[31mred\0\r\n\uD800", hookRunId: "a\tb\n\u0007" })).toBe(
    '<hook_prompt hook_run_id="a&#9;b&#10;\uFFFD">\uFFFD[31mred\uFFFD&#13;\n\uFFFD</hook_prompt>',
  );
});

test("two fragments make one user message and come back", async () => {
  const fragments = [
    { text: "fix & test", hookRunId: "stop:0:/h.json:1" },
    { text: 'say "<done>"', hookRunId: "stop:1:/h.json:2" },
  ];
  const id = "hook-prompt-1";
  const prompt = hookPrompt(fragments, id);
  expect(prompt).toEqual({
    message: {
      type: "message",
      role: "user",
      id,
      content: [
        {
          type: "input_text",
          text: '<hook_prompt hook_run_id="stop:0:/h.json:1">fix &amp; test</hook_prompt>',
        },
        {
          type: "input_text",
          text: '<hook_prompt hook_run_id="stop:1:/h.json:2">say "&lt;done&gt;"</hook_prompt>',
        },
      ],
    },
    item: { type: "HookPrompt", id, fragments },
  });
  expect(prompt && (await hookPromptItem(prompt.message))).toEqual(prompt?.item);
});

test("a person is shown what the model gets", async () => {
  const prompt = hookPrompt([{ text: "\u001B[1mfix\0", hookRunId: "r\u0007" }]);
  expect(prompt && (await hookPromptItem(prompt.message))).toEqual(prompt?.item);
  expect(prompt?.item.fragments).toEqual([{ text: "\uFFFD[1mfix\uFFFD", hookRunId: "r\uFFFD" }]);
});

test("fragments without a run id are dropped, and a message without fragments is none", () => {
  expect(hookPrompt([{ text: "x", hookRunId: " " }])).toBeNull();
  const prompt = hookPrompt([
    { text: "x", hookRunId: "" },
    { text: "y", hookRunId: "r" },
  ]);
  expect(prompt?.message.content).toEqual([
    { type: "input_text", text: '<hook_prompt hook_run_id="r">y</hook_prompt>' },
  ]);
});

test.each([
  ["space around it", '\n <hook_prompt hook_run_id="r"> a </hook_prompt> \n', " a "],
  ["single quotes", "<hook_prompt hook_run_id='r'>a</hook_prompt>", "a"],
  ["space in the tags", '<hook_prompt\n hook_run_id = "r" >a</hook_prompt >', "a"],
  ["nothing in it", '<hook_prompt hook_run_id="r"></hook_prompt>', ""],
  ["CDATA", '<hook_prompt hook_run_id="r">1<![CDATA[<&]]>2</hook_prompt>', "1<&2"],
  ["references", '<hook_prompt hook_run_id="r">&#65;&#x42;&apos;&quot;</hook_prompt>', `AB'"`],
])("parses: %s", async (_name, text, expected) => {
  expect(await parseHookPrompt(text)).toEqual({ text: expected, hookRunId: "r" });
});

test.each([
  ["another element", '<prompt hook_run_id="r">a</prompt>'],
  ["a longer name", '<hook_prompts hook_run_id="r">a</hook_prompts>'],
  ["text before", 'x<hook_prompt hook_run_id="r">a</hook_prompt>'],
  ["text after", '<hook_prompt hook_run_id="r">a</hook_prompt>x'],
  [
    "two elements",
    '<hook_prompt hook_run_id="r">a</hook_prompt><hook_prompt hook_run_id="r">b</hook_prompt>',
  ],
  ["an element inside", '<hook_prompt hook_run_id="r"><b>a</b></hook_prompt>'],
  ["a comment", '<hook_prompt hook_run_id="r"><!-- a --></hook_prompt>'],
  ["no run id", "<hook_prompt>a</hook_prompt>"],
  ["a blank run id", '<hook_prompt hook_run_id=" ">a</hook_prompt>'],
  ["another attribute", '<hook_prompt hook_run_id="r" x="1">a</hook_prompt>'],
  ["an attribute twice", '<hook_prompt hook_run_id="r" hook_run_id="s">a</hook_prompt>'],
  ["no quotes", "<hook_prompt hook_run_id=r>a</hook_prompt>"],
  ["markup in the attribute", '<hook_prompt hook_run_id="<">a</hook_prompt>'],
  ["an unknown entity", '<hook_prompt hook_run_id="r">&nbsp;</hook_prompt>'],
  ["a name that objects have", '<hook_prompt hook_run_id="r">&constructor;</hook_prompt>'],
  ["a bare ampersand", '<hook_prompt hook_run_id="r">a & b</hook_prompt>'],
  ["a reference to nothing", '<hook_prompt hook_run_id="r">&#0;</hook_prompt>'],
  ["the end of CDATA without a start", '<hook_prompt hook_run_id="r">a]]>b</hook_prompt>'],
  ["CDATA without an end", '<hook_prompt hook_run_id="r"><![CDATA[a</hook_prompt>'],
  ["an open element", '<hook_prompt hook_run_id="r">a'],
  ["an empty element", '<hook_prompt hook_run_id="r"/>'],
  ["an XML declaration", '<?xml version="1.0"?><hook_prompt hook_run_id="r">a</hook_prompt>'],
  ["nothing", ""],
])("is ordinary text: %s", async (_name, text) => {
  expect(await parseHookPrompt(text)).toBeNull();
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(
      "<",
      ">",
      "&",
      '"',
      "'",
      "]",
      "[",
      "!",
      ";",
      "#",
      "a",
      " ",
      "\n",
      "hook_prompt",
      "</hook_prompt>",
      "<![CDATA[",
      "]]>",
      "&amp;",
    ),
  }),
);

test("any text and any run id that is not blank come back as the model got them", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyText,
      anyText.filter((id) => id.trim() !== ""),
      async (text, hookRunId) => {
        const prompt = hookPrompt([{ text, hookRunId }]);
        if (prompt === null) throw new Error("no message");
        expect(await hookPromptItem(prompt.message)).toEqual(prompt.item);
      },
    ),
  );
});

test("text without control characters comes back unchanged", async () => {
  const printable = fc
    .string({ unit: "grapheme" })
    .map((text) => `a\t\r\n${text}`)
    .filter((text) => !/[\uFFFE\uFFFF]/.test(text) && text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(printable, printable, async (text, hookRunId) => {
      expect(await parseHookPrompt(formatHookPrompt({ text, hookRunId }))).toEqual({
        text,
        hookRunId,
      });
    }),
  );
});

test("no text can break out of its element", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const inner = formatHookPrompt({ text, hookRunId: "r" }).slice(
        '<hook_prompt hook_run_id="r">'.length,
        -"</hook_prompt>".length,
      );
      expect(inner).not.toMatch(/[<>]/);
    }),
  );
});

test("what is added around an element makes it ordinary text", async () => {
  const element = formatHookPrompt({ text: "a", hookRunId: "r" });
  const visible = fc.string({ minLength: 1 }).filter((text) => text.trim() !== "");
  await fc.assert(
    fc.asyncProperty(visible, async (extra) => {
      expect(await parseHookPrompt(element + extra)).toBeNull();
      expect(await parseHookPrompt(extra + element)).toBeNull();
    }),
  );
});

const part = (text: string) => ({ type: "input_text", text }) as const;
const go = formatHookPrompt({ text: "go", hookRunId: "r" });

function message(id: string | undefined, ...content: MessageItem["content"]): MessageItem {
  return { type: "message", role: "user", ...(id === undefined ? {} : { id }), content };
}

test("user text in the shape of a hook prompt is not taken for one", async () => {
  expect(await hookPromptItem(message(/*id*/ undefined, part(go)))).toBeNull();
  expect(await hookPromptItem(message("msg_1", part(go)))).toBeNull();
});

test("context of other kinds beside the fragments is hidden, and the id kept", async () => {
  const mixed = message(
    "hook-prompt-7",
    part("<environment_context>x</environment_context>"),
    part(go),
  );
  const isContext = (text: string) => text.startsWith("<environment_context>");
  expect(await hookPromptItem(mixed, isContext)).toEqual({
    type: "HookPrompt",
    id: "hook-prompt-7",
    fragments: [{ text: "go", hookRunId: "r" }],
  });
  expect(await hookPromptItem(mixed)).toBeNull();
});

test("a marked message of context alone, of another role or with an image is no hook prompt", async () => {
  const id = "hook-prompt-7";
  const image = { type: "input_image", image_url: "data:," } as const;
  const anyContext = () => true;
  expect(
    await Promise.all([
      hookPromptItem({ ...message(id, part(go)), role: "developer" }, anyContext),
      hookPromptItem(message(id, part("context")), anyContext),
      hookPromptItem(message(id, part(go), image), anyContext),
    ]),
  ).toEqual([null, null, null]);
});
