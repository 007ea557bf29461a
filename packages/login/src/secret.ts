// What keeps credentials out of logs and error reports.
import { LoginError } from "./errors.ts";

const inspect = Symbol.for("nodejs.util.inspect.custom");
const placeholder = "[redacted]";

/** A text that shows itself to nobody who does not ask: not printed, not serialised, not concatenated. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself, for the one place that sends or stores it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return placeholder;
  }

  toJSON(): string {
    return placeholder;
  }

  [inspect](): string {
    return placeholder;
  }
}

/**
 * Makes `console.log` and `JSON.stringify` show `shown` in place of `value`, whose fields stay as they
 * are. A copy of `value` loses the protection.
 */
export function redactInOutput<T extends object>(value: T, shown: object): T {
  return Object.defineProperties(value, {
    [inspect]: { value: () => shown },
    toJSON: { value: () => shown },
  });
}

/**
 * Takes the white space off a token and checks that a header can carry the rest.
 *
 * @param what names the token in the error: "the API key".
 * @throws LoginError `invalid_token`
 */
export function cleanToken(text: string, what: string): string {
  const token = text.trim();
  if (token === "") throw new LoginError("invalid_token", `${what} is empty`);
  // RFC 6750 allows less, RFC 9110 field values allow more; a key with a space is a paste accident.
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new LoginError(
    "invalid_token",
    `${what} holds white space, control characters or letters outside of ASCII, which a header cannot carry; check how it was copied or printed`,
  );
}

/**
 * A key as a person may see it: `***` up to 13 characters, else the first 8 and the last 5 around
 * `***`.
 */
export function maskSecret(secret: string): string {
  return secret.length <= 13 ? "***" : `${secret.slice(0, 8)}***${secret.slice(-5)}`;
}
