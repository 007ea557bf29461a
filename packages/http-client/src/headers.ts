// Header fields: which may be sent, and which of several wins.

/** Names in any case, each with one value. */
export type HeaderFields = Readonly<Record<string, string>>;

/** A response's headers by lower-case name; several of one name are joined with `, `. */
export type ResponseHeaders = ReadonlyMap<string, string>;

// RFC 9110, section 5.6.2 (token) and 5.5 (visible ASCII, spaces and tabs).
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** Whether `value` can stand in a header; other characters are never sent. */
export function isLegalHeaderValue(value: string): boolean {
  return VALUE.test(value);
}

/**
 * Merges layers of headers, the weakest first: a later layer replaces a field of the same name,
 * whatever its case. Fields that are not legal are left out, and then replace nothing.
 */
export function mergeHeaders(
  ...layers: readonly (HeaderFields | undefined)[]
): Record<string, string> {
  const fields = new Map<string, readonly [name: string, value: string]>();
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      if (NAME.test(name) && isLegalHeaderValue(value)) {
        fields.set(name.toLowerCase(), [name, value]);
      }
    }
  }
  return Object.fromEntries(fields.values());
}
