// URLs of requests: put together from a provider's base, and shown without secrets.

/**
 * Joins a path to a base URL and appends `query`, sorted by name and percent-encoded, after a query
 * that the base already has.
 */
export function joinUrl(
  base: string,
  path: string,
  query: Readonly<Record<string, string>> = {},
): string {
  const [stem = "", ...ownQuery] = base.split("?");
  const joined = `${stem.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
  const pairs = Object.entries(query)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const all = [ownQuery.join("?"), ...pairs].filter((part) => part !== "").join("&");
  return all === "" ? joined : `${joined}?${all}`;
}

/** The URL as a message may show it: without user, password, query and fragment. */
export function displayUrl(url: string | URL): string {
  const parsed = URL.parse(String(url));
  return parsed === null
    ? "an invalid URL"
    : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
