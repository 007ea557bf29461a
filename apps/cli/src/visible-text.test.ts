import { expect, test } from "vitest";
import { visibleText } from "./visible-text.ts";

test.each([
  ["colours and moves", "\u001b[31mred\u001b[0m \u001b[2J\u001b[10;5Hx", "red x"],
  ["a window title", "a\u001b]0;title\u0007b", "ab"],
  ["a clipboard", "a\u001b]52;c;aGk=\u001b\\b", "ab"],
  ["a sequence in eight bits", "a\u009b31mb", "ab"],
  ["an escape without its end", "a\u001bb\u001b", "ab"],
  ["a progress bar", "10 %\r50 %\r100 %\ndone", "100 %\ndone"],
  ["lines of Windows", "a\r\nb\r\n", "a\nb\n"],
  ["a bell and a backspace", "a\u0007\bb", "ab"],
  ["a text that runs backwards", "rm \u202ereal\u202c", "rm <U+202E>real<U+202C>"],
  ["text of every script", "日本語 👩‍👩‍👧 e\u0301 שלום\t.", "日本語 👩‍👩‍👧 e\u0301 שלום\t."],
])("%s", (_name, text, visible) => {
  expect(visibleText(text)).toBe(visible);
});
