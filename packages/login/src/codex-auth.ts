// A login as the program uses it, made from the stored record.
import { nodeCrypto } from "./node-crypto.ts";
import {
  type AuthDotJson,
  type AuthMode,
  type StoredTokens,
  serializeRecord,
} from "./auth-dot-json.ts";
import { LoginError } from "./errors.ts";
import { hostPlanKey } from "./external-bearer.ts";
import { type IdTokenInfo, jwtExpiration, parseIdToken } from "./jwt.ts";
import { type AccountPlan, parseHostPlan, toAccountPlan } from "./plan-type.ts";
import { Secret } from "./secret.ts";

/** A login by an API key. */
export interface ApiKeyAuth {
  readonly kind: "api_key";
  /** `external`: a source outside of this package, such as a vault. */
  readonly source: "environment" | "store" | "external";
  readonly apiKey: Secret;
}

/** A login with ChatGPT. */
export interface ChatgptAuth {
  readonly kind: "chatgpt";
  /** Whether a host application renews the tokens. */
  readonly external: boolean;
  readonly accessToken: Secret;
  /** Sent along with the token; the account that was chosen at login. */
  readonly accountId: string | null;
  readonly idToken: IdTokenInfo;
  /** RFC 3339. */
  readonly lastRefresh: string | null;
}

/** A person's own login with OpenAI. Nothing secret shows when it is printed. */
export type CodexAuth = ApiKeyAuth | ChatgptAuth;

/**
 * What a stored record says; null when it holds no login.
 *
 * @param where names the place in errors.
 * @throws LoginError `invalid_record` when the record names a mode and lacks what that needs.
 */
export function authOfRecord(record: AuthDotJson, where: string): CodexAuth | null {
  const key = record.OPENAI_API_KEY?.trim() ?? "";
  const mode = modeOf(record);
  if (mode === "apikey") {
    if (key === "") throw incomplete(where, "an API key", "OPENAI_API_KEY");
    return { kind: "api_key", source: "store", apiKey: new Secret(key) };
  }
  const tokens = record.tokens ?? null;
  if (tokens === null) {
    if (record.auth_mode == null) return null;
    throw incomplete(where, "ChatGPT", "tokens");
  }
  return {
    kind: "chatgpt",
    external: mode === "chatgptAuthTokens",
    accessToken: new Secret(tokens.access_token),
    accountId: tokens.account_id ?? null,
    idToken: idTokenOf(tokens),
    lastRefresh: record.last_refresh ?? null,
  };
}

/** A host application knows account and plan better than the token that it gives. */
function idTokenOf(tokens: StoredTokens): IdTokenInfo {
  const info = parseIdToken(tokens.id_token);
  const plan = tokens[hostPlanKey];
  if (typeof plan !== "string") return info;
  return { ...info, plan: parseHostPlan(plan), accountId: tokens.account_id ?? info.accountId };
}

/** The mode that a record names; of older ones, that of what they hold. */
export function modeOf({ auth_mode: mode, OPENAI_API_KEY: key }: AuthDotJson): AuthMode {
  return mode ?? ((key?.trim() ?? "") === "" ? "chatgpt" : "apikey");
}

function incomplete(where: string, login: string, key: string): LoginError {
  return new LoginError(
    "invalid_record",
    `the stored login (${where}) is one with ${login} but has no ${key}; log in again to replace it, or log out to remove it`,
  );
}

/** The login as the file and other programs name it. */
export function apiAuthModeOf(auth: CodexAuth): AuthMode {
  if (auth.kind === "api_key") return "apikey";
  return auth.external ? "chatgptAuthTokens" : "chatgpt";
}

/** The plan of a ChatGPT account; null for an API key. */
export function accountPlanOf(auth: CodexAuth): AccountPlan | null {
  return auth.kind === "api_key" ? null : toAccountPlan(auth.idToken.plan);
}

/** Which account the tokens are for; older records name it only in the id token. */
export function accountOf(auth: CodexAuth): string | null {
  return auth.kind === "api_key" ? null : (auth.accountId ?? auth.idToken.accountId);
}

/** When the access token expires; null for one that does not say, and for an API key. */
export function expirationOf(auth: CodexAuth): Date | null {
  if (auth.kind === "api_key") return null;
  const known = expirations.get(auth);
  if (known !== undefined) return known;
  const expiration = readExpiration(auth);
  expirations.set(auth, expiration);
  return expiration;
}

/** Every request asks, and the answer never changes. */
const expirations = new WeakMap<ChatgptAuth, Date | null>();

function readExpiration({ accessToken }: ChatgptAuth): Date | null {
  try {
    return jwtExpiration(accessToken.reveal());
  } catch {
    // An opaque token.
    return null;
  }
}

/** An opaque token that was renewed longer ago is renewed again before it is used. */
const opaqueTokenAgeMs = 8 * 24 * 60 * 60 * 1000;

/**
 * Whether the tokens are to be renewed before they are used: the time of the access token decides if it
 * names one, else the age of the last renewal. Never for keys and tokens that are not ours to renew.
 */
export function needsRenewal(auth: CodexAuth, now: Date, aheadMs: number): boolean {
  if (auth.kind === "api_key" || auth.external) return false;
  const expiration = expirationOf(auth)?.getTime();
  if (expiration !== undefined)
    return expiration <= now.getTime() + soonMs(auth, expiration, aheadMs);
  if (auth.lastRefresh === null) return false;
  return Date.parse(auth.lastRefresh) < now.getTime() - opaqueTokenAgeMs;
}

/** Tokens that last a few minutes alone would else be past their time when they come. */
function soonMs({ lastRefresh }: ChatgptAuth, expirationMs: number, aheadMs: number): number {
  if (lastRefresh === null) return aheadMs;
  return Math.max(0, Math.min(aheadMs, (expirationMs - Date.parse(lastRefresh)) / 10));
}

/** Equal for records that are equal in every key; gives nothing of them away. */
export function fingerprintOf(record: AuthDotJson): string {
  return nodeCrypto().createHash("sha256").update(serializeRecord(record)).digest("hex");
}

/** Tells tokens apart, and gives nothing of them away. */
export function tokenMark(token: string): string {
  return nodeCrypto().createHash("sha256").update(token).digest("hex");
}
