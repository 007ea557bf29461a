const inspect = Symbol.for("nodejs.util.inspect.custom");

/**
 * Makes `console.log` and `JSON.stringify` show `shown` in place of `value`. Reading the fields of
 * `value` is not affected, and a copy of it loses the protection.
 */
export function redactInOutput<T extends object>(value: T, shown: object): T {
  return Object.defineProperties(value, {
    [inspect]: { value: () => shown },
    toJSON: { value: () => shown },
  });
}

/** The same keys without their values. */
export function redactValues(
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(values).map((key) => [key, "[redacted]"]));
}
