// The stored record of a login, key for key as `auth.json` holds it.
import { LoginError } from "./errors.ts";
import { parseIdToken } from "./jwt.ts";
import { redactInOutput } from "./secret.ts";

/** How a person is logged in, in the words of the file; the last is set by host applications. */
export type AuthMode = "apikey" | "chatgpt" | "chatgptAuthTokens";

/** The `tokens` of `auth.json`: those of a ChatGPT login. */
export interface StoredTokens {
  /** A JWT. */
  readonly id_token: string;
  /** Normally a JWT. */
  readonly access_token: string;
  /** Empty for tokens that a host application renews. */
  readonly refresh_token: string;
  /** The account, or workspace, that was chosen at login. */
  readonly account_id?: string | null | undefined;
  /** Keys of other versions are kept. */
  readonly [unknown: string]: unknown;
}

/** Printing or serialising a record that was loaded shows nothing of it; its fields hold all. */
export interface AuthDotJson {
  /** Missing in records of older versions; what they hold decides then. */
  readonly auth_mode?: AuthMode | null | undefined;
  readonly OPENAI_API_KEY?: string | null | undefined;
  readonly tokens?: StoredTokens | null | undefined;
  /** RFC 3339. */
  readonly last_refresh?: string | null | undefined;
  /** Keys of other versions are kept. */
  readonly [unknown: string]: unknown;
}

/**
 * Parses a stored record.
 *
 * @param where names the place in errors, for example the file's path.
 * @throws LoginError `invalid_record`, also when the id token is not a JWT.
 */
export function parseRecord(text: string, where: string): AuthDotJson {
  const record = parseJson(text, where);
  if (!isObject(record)) throw invalidRecord(where, "is not a JSON object");
  const key = firstBadKey(record);
  if (key !== null) throw invalidRecord(where, `has a bad value at ${key}`);
  const checked: AuthDotJson = record;
  if (checked.tokens != null) {
    try {
      parseIdToken(checked.tokens.id_token);
    } catch (error) {
      throw invalidRecord(where, "has a bad value at tokens.id_token", error);
    }
  }
  return redactInOutput(checked, { redacted: where });
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value == null || check(value);

/** RFC 3339, any offset. */
const isInstant: Check = (value) =>
  typeof value === "string" &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(value) &&
  !Number.isNaN(Date.parse(value));

// A schema library would cost every program that starts with a login more than the rest of its start.
const recordChecks: Readonly<Record<string, Check>> = {
  auth_mode: orAbsent((value) =>
    ["apikey", "chatgpt", "chatgptAuthTokens"].some((mode) => mode === value),
  ),
  OPENAI_API_KEY: orAbsent(isText),
  tokens: orAbsent(isObject),
  last_refresh: orAbsent(isInstant),
};
const tokenChecks: Readonly<Record<string, Check>> = {
  id_token: isText,
  access_token: isText,
  refresh_token: isText,
  account_id: orAbsent(isText),
};

function firstBadKey(record: Readonly<Record<string, unknown>>): string | null {
  const bad = (value: Readonly<Record<string, unknown>>, checks: typeof recordChecks) =>
    Object.entries(checks).find(([key, check]) => !check(value[key]))?.[0] ?? null;
  const key = bad(record, recordChecks);
  if (key !== null || !isObject(record["tokens"])) return key;
  const tokenKey = bad(record["tokens"], tokenChecks);
  return tokenKey === null ? null : `tokens.${tokenKey}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: the parser's message quotes the text.
    throw invalidRecord(where, "is not JSON");
  }
}

function invalidRecord(where: string, fault: string, cause?: unknown): LoginError {
  return new LoginError(
    "invalid_record",
    `the stored login (${where}) ${fault}; log in again to replace it, or log out to remove it`,
    cause === undefined ? undefined : { cause },
  );
}

/** The text of `auth.json`: known keys in their order, then the others. */
export function serializeRecord(record: AuthDotJson): string {
  return JSON.stringify(inOrder(record), null, 2);
}

/** The same on one line, as keyrings hold it. */
export function serializeRecordCompact(record: AuthDotJson): string {
  return JSON.stringify(inOrder(record));
}

function inOrder(record: AuthDotJson): AuthDotJson {
  const { auth_mode, OPENAI_API_KEY, tokens, last_refresh, ...unknown } = record;
  return {
    ...(auth_mode == null ? {} : { auth_mode }),
    OPENAI_API_KEY: OPENAI_API_KEY ?? null,
    ...(tokens == null ? {} : { tokens: orderTokens(tokens) }),
    ...(last_refresh == null ? {} : { last_refresh }),
    ...unknown,
  };
}

function orderTokens(tokens: StoredTokens): StoredTokens {
  const { id_token, access_token, refresh_token, account_id, ...unknown } = tokens;
  return { id_token, access_token, refresh_token, account_id: account_id ?? null, ...unknown };
}
