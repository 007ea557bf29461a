import { expect, test } from "vitest";
import { normalizeHost } from "./network-rules.ts";

test.each([
  [" Example.COM ", "example.com"],
  ["example.com:443", "example.com"],
  ["example.com.:443", "example.com"],
  ["example.com..", "example.com"],
  ["[::1]", "::1"],
  ["[FE80::1]:80", "fe80::1"],
  ["fe80::1", "fe80::1"],
  ["127.0.0.1:8080", "127.0.0.1"],
  ["", null],
  [".", null],
  [":80", null],
  ["a b", null],
  ["https://example.com", null],
  ["example.com/path", null],
  ["*.example.com", null],
  ["[::1]x", null],
])("the host %j is %j", (text, host) => {
  expect(normalizeHost(text)).toBe(host);
});
