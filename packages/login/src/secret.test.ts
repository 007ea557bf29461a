import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret, maskSecret } from "./index.ts";
import { cleanToken } from "./secret.ts";

test("a secret shows itself only to who asks", () => {
  const secret = new Secret("sk-123");
  const shown = [inspect({ secret }), JSON.stringify({ secret }), String(secret)];
  expect(shown.join()).not.toContain("sk-123");
  expect(JSON.stringify({ secret })).toBe('{"secret":"[redacted]"}');
  expect(secret.reveal()).toBe("sk-123");
});

test.each([
  ["sk-proj-1234567890ABCDE", "sk-proj-***ABCDE"],
  ["sk-proj-123456", "sk-proj-***23456"],
  ["sk-proj-12345", "***"],
  ["", "***"],
])("maskSecret: %s → %s", (secret, masked) => {
  expect(maskSecret(secret)).toBe(masked);
});

test("cleanToken takes off the white space around a token", () => {
  expect(cleanToken(" tok.en_1~+/= \r\n", "the key")).toBe("tok.en_1~+/=");
});

test.each(["two words", "two\nlines", "tab\there", "nul\0", "esc\u001b[0m", "ключ"])(
  "cleanToken refuses %j without repeating it",
  (text) => {
    expect(() => cleanToken(text, "the key")).toThrow(
      expect.objectContaining({
        code: "invalid_token",
        message: expect.not.stringContaining(text),
      }),
    );
  },
);
