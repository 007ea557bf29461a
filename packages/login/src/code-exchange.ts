// What browser and device login have in common: an authorization code becomes a stored login.
import { HttpStatusError } from "@codex-ts/http-client";
import {
  type AuthorityTransport,
  authoritySignal,
  objectOf,
  parseJson,
  readFault,
  textOf,
  withoutSlash,
} from "./authority.ts";
import { LoginError } from "./errors.ts";
import { parseIdToken } from "./jwt.ts";

export interface Authority {
  readonly issuer: string;
  readonly clientId: string;
  readonly transport: AuthorityTransport;
  readonly signal: AbortSignal;
}

export interface AuthorizationCode {
  readonly code: string;
  readonly redirectUri: string;
  readonly verifier: string;
}

export interface LoginTokens {
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/**
 * Exchanges a code (RFC 6749, 4.1.3, with RFC 7636) and checks what comes back.
 *
 * @throws LoginError `login_failed`; `signal.reason` when aborted.
 */
export async function exchangeCode(
  authority: Authority,
  { code, redirectUri, verifier }: AuthorizationCode,
): Promise<LoginTokens> {
  const answer = await postForm(
    authority,
    {
      grant_type: "authorization_code",
      code,
      redirect_uri: redirectUri,
      client_id: authority.clientId,
      code_verifier: verifier,
    },
    [code, verifier],
  );
  const [idToken, accessToken, refreshToken] = ["id_token", "access_token", "refresh_token"].map(
    (name) => textOf(answer[name]),
  );
  if (idToken == null || accessToken == null || refreshToken == null) {
    throw new LoginError("login_failed", "the login server's answer does not hold all the tokens");
  }
  try {
    parseIdToken(idToken);
  } catch (cause) {
    throw new LoginError("login_failed", "the login server's id token cannot be read", { cause });
  }
  await verifySignature(authority, idToken);
  return { idToken, accessToken, refreshToken };
}

/** The API key that some accounts get for their id token (RFC 8693); null for the others. */
export async function exchangeForApiKey(
  authority: Authority,
  idToken: string,
): Promise<string | null> {
  try {
    const answer = await postForm(
      authority,
      {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        client_id: authority.clientId,
        requested_token: "openai-api-key",
        subject_token: idToken,
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      },
      [idToken],
    );
    return textOf(answer["access_token"]);
  } catch {
    authority.signal.throwIfAborted();
    return null;
  }
}

/** @throws LoginError `login_denied` when the login is for another workspace than the required one. */
export function checkWorkspace(idToken: string, required: string | undefined): void {
  if (required === undefined) return;
  const { accountId } = parseIdToken(idToken);
  if (accountId === required) return;
  const found = accountId === null ? "this login names none" : `this login is for ${accountId}`;
  throw new LoginError(
    "login_denied",
    `logins here are for the workspace ${required} only, and ${found}; choose that workspace and log in again`,
  );
}

async function postForm(
  { issuer, transport, signal }: Authority,
  form: Readonly<Record<string, string>>,
  secrets: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  try {
    await using response = await transport.send({
      method: "POST",
      url: `${withoutSlash(issuer)}/oauth/token`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
      signal: authoritySignal(signal),
    });
    return objectOf(parseJson(await response.text({ maxBytes: 1024 * 1024 }))) ?? {};
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, "the login server did not give tokens", secrets);
  }
}

/** `login_failed` with what a request to the authority has failed with. */
export function requestFailure(
  error: unknown,
  what: string,
  secrets: readonly string[] = [],
): LoginError {
  if (error instanceof HttpStatusError) {
    const { detail } = readFault(error.body, secrets);
    return new LoginError("login_failed", `${what}: status ${error.status}, ${detail}`);
  }
  const why = error instanceof Error ? error.message : String(error);
  return new LoginError("login_failed", `${what}: ${why}`, { cause: error });
}

/**
 * Checks the signature against the issuer's keys. The token has come straight from the issuer, so an
 * issuer whose keys cannot be had is taken at its word (OpenID Connect Core, 3.1.3.7, item 6).
 */
async function verifySignature(authority: Authority, idToken: string): Promise<void> {
  const keys = await publishedKeys(authority);
  if (keys === null) return;
  const { compactVerify, createLocalJWKSet } = await import("jose");
  try {
    await compactVerify(idToken, createLocalJWKSet({ keys }));
  } catch (cause) {
    throw new LoginError(
      "login_failed",
      "the id token of the login is not signed with a key of the login server; check that nothing on the way changes its answers",
      { cause },
    );
  }
}

async function publishedKeys(authority: Authority): Promise<{ kty: string }[] | null> {
  const base = withoutSlash(authority.issuer);
  const configuration = await getJson(authority, `${base}/.well-known/openid-configuration`);
  const url = textOf(configuration?.["jwks_uri"]);
  const set = url === null ? null : await getJson(authority, url);
  const keys: unknown = set?.["keys"];
  return Array.isArray(keys) && keys.length > 0 ? (keys as { kty: string }[]) : null;
}

async function getJson({ transport, signal }: Authority, url: string) {
  try {
    await using response = await transport.send({
      method: "GET",
      url,
      signal: authoritySignal(signal),
    });
    return objectOf(parseJson(await response.text({ maxBytes: 1024 * 1024 })));
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
