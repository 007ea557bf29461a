// Rules about hosts: their protocols, and their names in one form.
import type { NetworkProtocol } from "./policy.ts";

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
