// Which proxy a request goes through, by the environment's variables.
import { HttpError } from "./errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A proxy and what it takes to be let through. */
export interface Proxy {
  readonly protocol: "http:" | "https:";
  readonly hostname: string;
  readonly port: number;
  /** `Basic …`, when the variable holds a user. Never shown. */
  readonly authorization: string | undefined;
}

function variable(env: Environment, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = (env[name.toLowerCase()] || env[name])?.trim();
    if (value) return value;
  }
  return undefined;
}

/** The variables that {@link proxyFor} reads, in upper case. */
export const proxyVariables = [
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "REQUEST_METHOD",
  "CODEX_SANDBOX",
] as const;

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parseProxy(text: string, name: string): Proxy {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null || url.hostname === "") {
    throw new HttpError(
      "build",
      `${name} does not hold a proxy's address such as http://host:3128`,
    );
  }
  const { protocol } = url;
  if (protocol !== "http:" && protocol !== "https:") {
    throw new HttpError(
      "build",
      `${name} names a proxy of the kind ${protocol.slice(0, -1)}; only http and https proxies are supported`,
    );
  }
  const user = `${percentDecode(url.username)}:${percentDecode(url.password)}`;
  return {
    protocol,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (protocol === "https:" ? 443 : 80) : Number(url.port),
    authorization: user === ":" ? undefined : `Basic ${Buffer.from(user).toString("base64")}`,
  };
}

function addressBits(address: string): { readonly bits: bigint; readonly size: number } | null {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  if (v4 !== null) {
    const numbers = v4.slice(1).map(Number);
    if (numbers.some((number) => number > 255)) return null;
    return { bits: numbers.reduce((sum, number) => (sum << 8n) | BigInt(number), 0n), size: 32 };
  }
  if (!address.includes(":")) return null;
  // The URL parser writes every IPv6 address in one way, with at most one `::`.
  const canonical = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1);
  if (canonical === undefined) return null;
  const [head = "", tail] = canonical.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array<string>(tail === undefined ? 0 : 8 - before.length - after.length).fill("0");
  const all = [...before, ...zeros, ...after];
  return {
    bits: all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n),
    size: 128,
  };
}

function isInNetwork(address: string, network: string): boolean {
  const [base = "", length = ""] = network.split("/");
  const of = addressBits(address);
  const within = addressBits(base);
  if (of === null || within === null || of.size !== within.size || !/^\d+$/.test(length))
    return false;
  const shift = BigInt(Math.max(0, of.size - Number(length)));
  return of.bits >> shift === within.bits >> shift;
}

function isExcepted(hostname: string, port: string, entry: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isInNetwork(hostname, entry);
  const [host, entryPort] = splitPort(entry);
  if (entryPort !== undefined && entryPort !== port) return false;
  const name = host.replace(/^\*?\./, "");
  return name !== "" && (hostname === name || hostname.endsWith(`.${name}`));
}

function splitPort(entry: string): readonly [host: string, port: string | undefined] {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return [bracketed[1] ?? "", bracketed[2]];
  const parts = entry.split(":");
  // More than one colon without brackets is an IPv6 address.
  return parts.length === 2 ? [parts[0] ?? "", parts[1]] : [entry, undefined];
}

/**
 * The proxy for `url`: `HTTPS_PROXY` or `HTTP_PROXY` by its scheme, else `ALL_PROXY`, unless
 * `NO_PROXY` lists the host. Names are read in lower case first. `NO_PROXY` holds, separated by
 * commas, `*`, hosts (which stand for their subdomains too), addresses, networks such as
 * `10.0.0.0/8`, each host with a port if one is meant.
 *
 * Under macOS's sandbox there is no proxy. Where a web server's variables are present, the upper-case
 * `HTTP_PROXY` is ignored: there a client's header can set it (CVE-2016-5385).
 *
 * @throws HttpError `build` for a variable that does not hold a usable address.
 */
export function proxyFor(url: URL, env: Environment): Proxy | null {
  if (env["CODEX_SANDBOX"] === "seatbelt") return null;
  const secure = url.protocol === "https:";
  const isCgi = env["REQUEST_METHOD"] !== undefined;
  const own = secure
    ? variable(env, "HTTPS_PROXY")
    : isCgi
      ? env["http_proxy"]?.trim()
      : variable(env, "HTTP_PROXY");
  const proxy = own || variable(env, "ALL_PROXY");
  if (proxy === undefined) return null;
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const port = url.port === "" ? (secure ? "443" : "80") : url.port;
  const exceptions =
    variable(env, "NO_PROXY")
      ?.toLowerCase()
      .split(/[\s,]+/) ?? [];
  if (exceptions.some((entry) => isExcepted(hostname, port, entry))) return null;
  return parseProxy(proxy, own ? (secure ? "HTTPS_PROXY" : "HTTP_PROXY") : "ALL_PROXY");
}
