import { describe, expect, test } from "vitest";
import { CodeModeError } from "./errors.ts";
import { parseSource } from "./pragma.ts";

test.each([
  ["text('hi')", { code: "text('hi')" }],
  [
    '// @exec: {"yield_time_ms": 15000, "max_output_tokens": 2000}\ntext(1)',
    { code: "text(1)", yieldTimeMs: 15000, maxOutputTokens: 2000 },
  ],
  ["  \t// @exec: {}\r\ntext(1)\n", { code: "text(1)\n" }],
  ['// @exec: {"yield_time_ms": null}\n\n1', { code: "\n1" }],
  ['// @exec:{"max_output_tokens":0}\n1', { code: "1", maxOutputTokens: 0 }],
  ["text(1)\n// @exec: {}\n", { code: "text(1)\n// @exec: {}\n" }],
])("%j is split into script and options", (input, expected) => {
  expect(parseSource(input)).toEqual(expected);
});

describe("what is refused, with a message for the model", () => {
  test.each([
    ["", /raw JavaScript source text.*@exec/],
    [" \n\t", /raw JavaScript source text/],
    ['// @exec: {"yield_time_ms": 1}', /followed by JavaScript source/],
    ["// @exec: {}\n  \n", /followed by JavaScript source/],
    ["// @exec:\ntext(1)", /JSON object.*`yield_time_ms` and `max_output_tokens`/],
    ["// @exec: nope\ntext(1)", /must be valid JSON.*nope/],
    ["// @exec: [1]\ntext(1)", /must be a JSON object/],
    ["// @exec: null\ntext(1)", /must be a JSON object/],
    ['// @exec: {"nope": 1}\ntext(1)', /`yield_time_ms` and `max_output_tokens`; `nope`/],
    ['// @exec: {"yield_time_ms": 1.5}\ntext(1)', /`yield_time_ms`.*non-negative safe integer/],
    ['// @exec: {"yield_time_ms": -1}\ntext(1)', /non-negative safe integer/],
    ['// @exec: {"max_output_tokens": "1"}\ntext(1)', /`max_output_tokens`.*non-negative safe/],
    ['// @exec: {"max_output_tokens": 9007199254740992}\ntext(1)', /non-negative safe integer/],
  ])("%j", (input, message) => {
    expect(() => parseSource(input)).toThrow(CodeModeError);
    expect(() => parseSource(input)).toThrow(message);
  });
});
