import { developerMessage, type ResponseItem, userMessage } from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import {
  guessedOrigin,
  isContextualDeveloperMessage,
  isContextualUserMessage,
  isUserTurnBoundary,
} from "./contextual-message.ts";
import { turnAbortedMarker } from "./turn-aborted.ts";

const entry = (item: ResponseItem) => ({ item, origin: guessedOrigin(item) });

describe("a user message is context when a part is one whole fragment", () => {
  test.each([
    [
      "instructions",
      "# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>\nbe brief\n</INSTRUCTIONS>",
    ],
    ["environment", "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>"],
    ["a shell record", "  <user_shell_command>ls</user_shell_command>\n"],
    ["other letter case", "<ENVIRONMENT_CONTEXT></environment_context>"],
  ])("%s", (_name, text) => {
    expect(isContextualUserMessage(userMessage(text))).toBe(true);
    expect(isUserTurnBoundary(entry(userMessage(text)))).toBe(false);
  });

  test("words around a fragment make it a person's message", () => {
    const message = userMessage("see <environment_context></environment_context> above");
    expect(isContextualUserMessage(message)).toBe(false);
    expect(isUserTurnBoundary(entry(message))).toBe(true);
  });

  test("a hook prompt is known by its mark: a person who types its text begins a turn", () => {
    const text = '<hook_prompt hook_run_id="r">go on</hook_prompt>';
    const marked = { ...userMessage(text), id: "hook-prompt-1" };
    expect([marked, userMessage(text)].map(isContextualUserMessage)).toEqual([true, false]);
    expect([marked, userMessage(text)].map(entry).map(isUserTurnBoundary)).toEqual([false, true]);
  });

  test("the marker of a stopped turn is context", () => {
    expect(isContextualUserMessage(turnAbortedMarker())).toBe(true);
  });
});

test("a developer message is context when a part begins a section of it", () => {
  expect(isContextualDeveloperMessage(developerMessage("<permissions instructions>\nx"))).toBe(
    true,
  );
  expect(isContextualDeveloperMessage(developerMessage("images go to /tmp"))).toBe(false);
});

test("a message from another agent begins a turn, another assistant message does not", () => {
  const mail = JSON.stringify({
    author: "/root",
    recipient: "/root/a",
    other_recipients: [],
    content: "go",
    trigger_turn: true,
  });
  const assistant = (text: string) =>
    ({ type: "message", role: "assistant", content: [{ type: "output_text", text }] }) as const;
  expect(isUserTurnBoundary(entry(assistant(mail)))).toBe(true);
  expect(isUserTurnBoundary(entry(assistant("{}")))).toBe(false);
});

test("what a person pasted is theirs when the session file says so", () => {
  const pasted = userMessage("<environment_context></environment_context>");
  expect(isUserTurnBoundary({ item: pasted, origin: "user" })).toBe(true);
});
