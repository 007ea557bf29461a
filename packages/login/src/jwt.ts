// Reads JSON Web Tokens without checking their signature: the server does that, we only look at claims.
import { LoginError } from "./errors.ts";
import { type TokenPlan, parsePlan } from "./plan-type.ts";

type Claims = Readonly<Record<string, unknown>>;

/** What an id token says about the person. */
export interface IdTokenInfo {
  readonly email: string | null;
  readonly plan: TokenPlan | null;
  readonly userId: string | null;
  readonly accountId: string | null;
}

/**
 * Reads the claims of an OpenAI id token (a JWT, RFC 7519): `email`, and those below
 * `https://api.openai.com/auth` and `…/profile`. The signature is not checked.
 *
 * @throws LoginError `invalid_jwt`, also for a claim of the wrong type.
 */
export function parseIdToken(jwt: string): IdTokenInfo {
  const claims = readClaims(jwt);
  const profile = objectClaim(claims, "https://api.openai.com/profile");
  const auth = objectClaim(claims, "https://api.openai.com/auth");
  const plan = textClaim(auth, "chatgpt_plan_type");
  return {
    email: textClaim(claims, "email") ?? textClaim(profile, "email"),
    plan: plan === null ? null : parsePlan(plan),
    userId: textClaim(auth, "chatgpt_user_id") ?? textClaim(auth, "user_id"),
    accountId: textClaim(auth, "chatgpt_account_id"),
  };
}

/**
 * When a token expires, or null when it does not say.
 *
 * @throws LoginError `invalid_jwt`
 */
export function jwtExpiration(jwt: string): Date | null {
  const { exp } = readClaims(jwt);
  if (exp === undefined || exp === null) return null;
  if (typeof exp !== "number" || !Number.isInteger(exp)) throw wrongType("exp", "whole seconds");
  const expiration = new Date(exp * 1000);
  if (Number.isNaN(expiration.getTime())) throw wrongType("exp", "a date");
  return expiration;
}

/**
 * The claims that OpenAI adds about the account; none for a token that has none, or is not readable.
 */
export function accountClaims(jwt: string): Claims {
  try {
    return objectClaim(readClaims(jwt), "https://api.openai.com/auth");
  } catch {
    return {};
  }
}

function readClaims(jwt: string): Claims {
  const [header, payload, signature] = jwt.split(".");
  if (!header || !payload || !signature) {
    throw new LoginError("invalid_jwt", "the token is not a JWT: it has not three parts");
  }
  // Base64url without padding (RFC 7515, appendix C); Buffer would pass over what does not belong.
  if (!/^[\w-]+$/.test(payload) || payload.length % 4 === 1) {
    throw new LoginError("invalid_jwt", "the token is not a JWT: its payload is not base64url");
  }
  const claims = parseJson(Buffer.from(payload, "base64url").toString("utf8"));
  if (isObject(claims)) return claims;
  throw new LoginError("invalid_jwt", "the token is not a JWT: its payload is not a JSON object");
}

/** `undefined` for what is not JSON: the parser's own message quotes the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectClaim(claims: Claims, name: string): Claims {
  const value = claims[name] ?? {};
  if (!isObject(value)) throw wrongType(name, "an object");
  return value;
}

function textClaim(claims: Claims, name: string): string | null {
  const value = claims[name] ?? null;
  if (value !== null && typeof value !== "string") throw wrongType(name, "a string");
  return value;
}

function wrongType(claim: string, expected: string): LoginError {
  return new LoginError("invalid_jwt", `the claim ${claim} of the token is not ${expected}`);
}
