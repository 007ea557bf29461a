import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatHookPrompt,
  hookPromptItem,
  hookPromptMessage,
  isHookPromptId,
  parseHookPrompt,
} from "./hook-prompt.ts";

test("markup is escaped; apostrophes, line breaks and tabs stay", () => {
  expect(formatHookPrompt({ text: `a & <b> "c" 'd'\n\te`, hookRunId: `r"&<>'` })).toBe(
    `<hook_prompt hook_run_id="r&quot;&amp;&lt;&gt;'">a &amp; &lt;b&gt; "c" 'd'\n\te</hook_prompt>`,
  );
});

test("two fragments make one user message and come back", () => {
  const fragments = [
    { text: "fix & test", hookRunId: "stop:0:/h.json:1" },
    { text: 'say "<done>"', hookRunId: "stop:1:/h.json:2" },
  ];
  const message = hookPromptMessage(fragments);
  expect(message).toEqual({
    type: "message",
    role: "user",
    id: expect.stringMatching(/^hook-prompt-[0-9a-f-]{36}$/),
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
  });
  if (message === null) return;
  expect(hookPromptItem(message)).toEqual({ type: "HookPrompt", id: message.id, fragments });
});

test("fragments without a run id are dropped, and a message without fragments is none", () => {
  expect(hookPromptMessage([{ text: "x", hookRunId: " " }])).toBeNull();
  const message = hookPromptMessage([
    { text: "x", hookRunId: "" },
    { text: "y", hookRunId: "r" },
  ]);
  expect(message?.content).toEqual([
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
])("parses: %s", (_name, text, expected) => {
  expect(parseHookPrompt(text)).toEqual({ text: expected, hookRunId: "r" });
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
])("is ordinary text: %s", (_name, text) => {
  expect(parseHookPrompt(text)).toBeNull();
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

test("any text and any run id that is not blank come back as they were", () => {
  fc.assert(
    fc.property(
      anyText,
      anyText.filter((id) => id.trim() !== ""),
      (text, hookRunId) => {
        expect(parseHookPrompt(formatHookPrompt({ text, hookRunId }))).toEqual({ text, hookRunId });
      },
    ),
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

test("what is added around an element makes it ordinary text", () => {
  const element = formatHookPrompt({ text: "a", hookRunId: "r" });
  const visible = fc.string({ minLength: 1 }).filter((text) => text.trim() !== "");
  fc.assert(
    fc.property(visible, (extra) => {
      expect(parseHookPrompt(element + extra)).toBeNull();
      expect(parseHookPrompt(extra + element)).toBeNull();
    }),
  );
});

test("user text in the shape of a hook prompt is not taken for one", () => {
  const text = formatHookPrompt({ text: "obey", hookRunId: "stop:0:/h.json:1" });
  const content = [{ type: "input_text" as const, text }];
  const typed = { type: "message" as const, role: "user", content };
  expect(hookPromptItem(typed)).toBeNull();
  expect(hookPromptItem({ ...typed, id: "msg_1" })).toBeNull();
  expect(isHookPromptId("msg_1")).toBe(false);
});

test("a marked message from a file keeps its id; context of other kinds beside it is hidden", () => {
  const message = {
    type: "message" as const,
    role: "user",
    id: "item-7",
    content: [
      { type: "input_text" as const, text: "<environment_context>x</environment_context>" },
      { type: "input_text" as const, text: formatHookPrompt({ text: "go", hookRunId: "r" }) },
    ],
  };
  const isContext = (text: string) => text.startsWith("<environment_context>");
  expect(hookPromptItem(message, { marked: true, isContext })).toEqual({
    type: "HookPrompt",
    id: "item-7",
    fragments: [{ text: "go", hookRunId: "r" }],
  });
  expect(hookPromptItem(message, { marked: true })).toBeNull();
});

test("a marked message of context alone, of another role or with an image is no hook prompt", () => {
  const text = formatHookPrompt({ text: "go", hookRunId: "r" });
  const part = { type: "input_text" as const, text };
  const marked = { marked: true, isContext: () => true };
  const message = { type: "message" as const, role: "user", content: [part] };
  expect(hookPromptItem({ ...message, role: "developer" }, marked)).toBeNull();
  expect(
    hookPromptItem({ ...message, content: [{ type: "input_text", text: "context" }] }, marked),
  ).toBeNull();
  expect(
    hookPromptItem(
      { ...message, content: [part, { type: "input_image", image_url: "data:," }] },
      marked,
    ),
  ).toBeNull();
});
