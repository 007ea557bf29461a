import { expect, test } from "vitest";
import { compileNetworkRules, normalizeHost } from "./network-rules.ts";
import { parseRules } from "./parse-rules.ts";

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

test("lists are kept by protocol; the last rule about a host holds and goes to the end", () => {
  const { networkRules } = parseRules(
    `
network_rule("a.com", "https", "allow")
network_rule("b.com", "https", "allow")
network_rule("c.com", "https", "deny")
network_rule("a.com", "http-connect", "allow")
network_rule("c.com", "https", "allow")
network_rule("b.com", "https", "forbidden")
network_rule("d.com", "https", "allow")
network_rule("d.com", "https", "prompt")
network_rule("a.com", "socks5_udp", "deny")
`,
    "/a.rules",
  );
  expect(compileNetworkRules(networkRules)).toEqual(
    new Map([
      ["https", { allowed: ["a.com", "c.com"], prompted: ["d.com"], denied: ["b.com"] }],
      ["socks5_udp", { allowed: [], prompted: [], denied: ["a.com"] }],
    ]),
  );
});
