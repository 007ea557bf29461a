import type { ResponseItem, RolloutItem, RolloutLine, SessionMeta } from "@codex-ts/protocol";
import { userMessage } from "@codex-ts/protocol";
import { expect, test } from "vitest";
import { transcriptHtml, transcriptMarkdown } from "./export.ts";
import { transcriptOf } from "./index.ts";

const at = "2026-05-04T12:00:00.000Z";
const meta: SessionMeta = {
  id: "0196a000-0000-7000-8000-000000000001",
  timestamp: at,
  cwd: "/w/app",
  originator: "t",
  cli_version: "1",
  source: "exec",
  model_provider: null,
  base_instructions: null,
};

const item = (payload: ResponseItem): RolloutItem => ({ type: "response_item", payload });
const said = (message: string): RolloutItem[] => [
  item(userMessage(message)),
  {
    type: "event_msg",
    payload: { type: "user_message", message, local_images: [], text_elements: [] },
  },
];
const answered = (text: string): RolloutItem =>
  item({ type: "message", role: "assistant", content: [{ type: "output_text", text }] });
const ran = (name: string, args: object, output: string): RolloutItem[] => [
  item({ type: "function_call", name, arguments: JSON.stringify(args), call_id: output }),
  item({ type: "function_call_output", call_id: output, output }),
];
const started = (
  turn_id: string,
  collaboration_mode_kind: "plan" | "default" = "default",
): RolloutItem => ({
  type: "event_msg",
  payload: {
    type: "task_started",
    turn_id,
    model_context_window: null,
    collaboration_mode_kind,
  },
});

function transcript(...items: readonly RolloutItem[]) {
  return transcriptOf(
    meta,
    items.map((each): RolloutLine => ({ timestamp: at, ...each })),
  );
}

test("who said what, what was run, and what came of it", () => {
  const { title, entries } = transcript(
    item(userMessage("<environment_context>\n</environment_context>")),
    ...said("fix it\nplease"),
    item({
      type: "reasoning",
      summary: [{ type: "summary_text", text: "hm" }],
      content: null,
      encrypted_content: null,
    }),
    ...ran(
      "exec_command",
      { cmd: "false" },
      "Wall time: 0.1 seconds\nProcess exited with code 1\nOutput:\nno\n",
    ),
    ...ran(
      "update_plan",
      { plan: [{ step: "a", status: "completed" }, { step: "b" }] },
      "Plan updated",
    ),
    item({
      type: "custom_tool_call",
      name: "apply_patch",
      input: "*** Begin Patch\n*** Add File: a.txt\n+x\n*** End Patch",
      call_id: "p",
    }),
    answered("done"),
  );
  expect(title).toBe("fix it");
  expect(entries).toEqual([
    { kind: "user", at, text: "fix it\nplease", images: 0 },
    { kind: "reasoning", at, text: "hm" },
    {
      kind: "tool",
      at,
      name: "exec_command",
      summary: "false",
      input: "false",
      inputLanguage: "shell",
      output: "no\n[exit code 1]",
    },
    {
      kind: "tool",
      at,
      name: "update_plan",
      summary: "1 of 2 steps done",
      input: "- [x] a\n- [ ] b",
      inputLanguage: "markdown",
      output: "Plan updated",
    },
    {
      kind: "tool",
      at,
      name: "apply_patch",
      summary: "add a.txt",
      input: "*** Begin Patch\n*** Add File: a.txt\n+x\n*** End Patch",
      inputLanguage: "diff",
      output: null,
    },
    { kind: "assistant", at, text: "done" },
  ]);
});

test("what was taken back is not in it: a broken answer, and turns that were rolled back", () => {
  const { entries } = transcript(
    started("t1"),
    ...said("one"),
    answered("half"),
    { type: "history_edit", payload: { type: "undo", count: 1 } },
    answered("whole"),
    started("t2"),
    ...said("two"),
    answered("wrong"),
    { type: "event_msg", payload: { type: "thread_rolled_back", num_turns: 1 } },
  );
  expect(entries.map((entry) => [entry.kind, "text" in entry ? entry.text : ""])).toEqual([
    ["user", "one"],
    ["assistant", "whole"],
    ["note", "One turn was taken back."],
  ]);
});

test("Markdown: fences are longer than those in the text, and details stay folded", () => {
  const text = transcriptMarkdown(
    transcript(...said("show"), ...ran("exec_command", { cmd: "cat README.md" }, "```js\n1\n```")),
  );
  expect(text).toContain("# show\n");
  expect(text).toContain("<summary>exec_command: cat README.md</summary>");
  expect(text).toContain("````text\n```js\n1\n```\n````");
});

test("HTML: nothing that was said can run, load or leave its place", async () => {
  const hostile =
    '<script>alert(1)</script> ![x](http://h.invalid/p.png) [y](javascript:alert(1)) "&';
  const page = await transcriptHtml(
    transcript(...said(hostile), answered(hostile), ...ran("t", { hostile }, hostile)),
  );
  expect(page).not.toContain("<script");
  expect(page).not.toContain("<img");
  expect(page).not.toMatch(/href="javascript/);
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/(?:src|url)\s*[=(]/);
});

test("an answer is what a person was shown of it: without citations, its plan without the tags", () => {
  const raw =
    "Here<oai-mem-citation>x</oai-mem-citation>:\n<proposed_plan>\n# Plan\n</proposed_plan>\n";
  const { entries } = transcript(
    started("t1", "plan"),
    ...said("plan"),
    answered(raw),
    started("t2"),
    ...said("and now"),
    answered(raw),
  );
  expect(entries.flatMap((each) => (each.kind === "assistant" ? [each.text] : []))).toEqual([
    "Here:\n\n# Plan",
    "Here:\n<proposed_plan>\n# Plan\n</proposed_plan>",
  ]);
});
