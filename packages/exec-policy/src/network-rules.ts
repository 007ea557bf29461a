// Rules about hosts: their names in one form, and the lists that a proxy enforces.
import type { NetworkProtocol, NetworkRule } from "./policy.ts";

/** Every spelling that rules files may use. */
export const networkProtocols: ReadonlyMap<string, NetworkProtocol> = new Map([
  ["http", "http"],
  ["https", "https"],
  ["https_connect", "https"],
  ["http-connect", "https"],
  ["socks5_tcp", "socks5_tcp"],
  ["socks5_udp", "socks5_udp"],
]);

/**
 * A host in the form in which hosts are compared: lower case, without port, brackets and final dots.
 * Null for what is not exactly one host: a URL, a path, a wildcard, blanks, nothing.
 *
 * @example
 * normalizeHost(" Example.COM.:443 "); // "example.com"
 * normalizeHost("[::1]:80"); // "::1"
 * normalizeHost("*.example.com"); // null
 */
export function normalizeHost(text: string): string | null {
  const trimmed = text.trim();
  if (/[/?#*\s]/.test(trimmed)) return null;
  const bracketed = /^\[([^[\]]+)\](?::\d+)?$/.exec(trimmed);
  if (bracketed === null && /[[\]]/.test(trimmed)) return null;
  const host = bracketed?.[1] ?? trimmed.replace(/^([^:]*):\d+$/, "$1");
  const normalized = host.replace(/\.+$/, "").toLowerCase();
  return normalized === "" ? null : normalized;
}

/** The hosts of one protocol by what is to be done, each in the order in which it was last decided. */
export interface HostLists {
  readonly allowed: readonly string[];
  /** A person is asked, even where an earlier rule had decided. */
  readonly prompted: readonly string[];
  readonly denied: readonly string[];
}

/**
 * The lists that network rules come to, by protocol. Within a protocol the last rule about a host holds,
 * and moves it to the end of its list. Protocols without rules are absent.
 */
export function compileNetworkRules(
  rules: readonly NetworkRule[],
): ReadonlyMap<NetworkProtocol, HostLists> {
  const byProtocol = Map.groupBy(rules, (rule) => rule.protocol);
  return new Map([...byProtocol].map(([protocol, own]) => [protocol, compileLists(own)]));
}

function compileLists(rules: readonly NetworkRule[]): HostLists {
  const last = new Map<string, NetworkRule>();
  for (const rule of rules) {
    last.delete(rule.host);
    last.set(rule.host, rule);
  }
  const hosts = (decision: NetworkRule["decision"]): string[] =>
    [...last.values()].filter((rule) => rule.decision === decision).map((rule) => rule.host);
  return { allowed: hosts("allow"), prompted: hosts("prompt"), denied: hosts("forbidden") };
}
