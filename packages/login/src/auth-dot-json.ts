// The stored record of a login, key for key as `auth.json` holds it.
import { LoginError } from "./errors.ts";
import { parseIdToken } from "./jwt.ts";
import { redactInOutput } from "./secret.ts";

/** How a person is logged in, in the words of the file; the last is set by host applications. */
export type AuthMode = "apikey" | "chatgpt" | "chatgptAuthTokens";

export interface StoredTokens {
  /** A JWT. */
  readonly id_token: string;
  /** Normally a JWT. */
  readonly access_token: string;
  /** Empty for tokens that a host application renews. */
  readonly refresh_token: string;
  readonly account_id?: string | null | undefined;
  /** Keys of other versions are kept. */
  readonly [unknown: string]: unknown;
}

/** Printing or serialising a record that was loaded shows nothing of it; its fields hold all. */
export interface AuthDotJson {
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
export async function parseRecord(text: string, where: string): Promise<AuthDotJson> {
  // zod is loaded by those who have a record, not by everyone who imports this package.
  const { authDotJsonSchema } = await import("./auth-dot-json-schema.ts");
  const parsed = authDotJsonSchema.safeParse(parseJson(text, where));
  if (!parsed.success) {
    const key = parsed.error.issues[0]?.path.map(String).join(".") ?? "";
    throw invalidRecord(where, key === "" ? "is not a JSON object" : `has a bad value at ${key}`);
  }
  const { tokens } = parsed.data;
  if (tokens !== undefined && tokens !== null) {
    try {
      parseIdToken(tokens.id_token);
    } catch (error) {
      throw invalidRecord(where, "has a bad value at tokens.id_token", error);
    }
  }
  return redactInOutput(parsed.data, { redacted: where });
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
  const { auth_mode, OPENAI_API_KEY, tokens, last_refresh, ...unknown } = record;
  const ordered = {
    ...(auth_mode == null ? {} : { auth_mode }),
    OPENAI_API_KEY: OPENAI_API_KEY ?? null,
    ...(tokens == null ? {} : { tokens: orderTokens(tokens) }),
    ...(last_refresh == null ? {} : { last_refresh }),
    ...unknown,
  };
  return JSON.stringify(ordered, null, 2);
}

function orderTokens(tokens: StoredTokens): StoredTokens {
  const { id_token, access_token, refresh_token, account_id, ...unknown } = tokens;
  return { id_token, access_token, refresh_token, account_id: account_id ?? null, ...unknown };
}
