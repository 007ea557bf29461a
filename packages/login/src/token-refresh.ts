// One request for new tokens, and what its failure means.
import { HttpStatusError } from "@codex-ts/http-client";
import {
  type AuthorityTransport,
  authoritySignal,
  defaultClientId,
  objectOf,
  parseJson,
  readFault,
} from "./authority.ts";
import { type RefreshRefusal, TokenRefreshError } from "./errors.ts";
import { parseIdToken } from "./jwt.ts";

/** The tokens of an answer; what it leaves out stays as it was. */
export interface RenewedTokens {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
}

export interface TokenRequest {
  readonly url: string;
  readonly refreshToken: string;
  readonly transport: AuthorityTransport;
}

const refusals: Readonly<
  Record<string, { readonly refusal: RefreshRefusal; readonly why: string }>
> = {
  refresh_token_expired: { refusal: "expired", why: "its refresh token has expired" },
  refresh_token_reused: {
    refusal: "exhausted",
    why: "its refresh token was used before, perhaps by a copy of the login on another machine",
  },
  refresh_token_invalidated: { refusal: "revoked", why: "its refresh token was revoked" },
  invalid_grant: { refusal: "other", why: "the server takes its refresh token no more" },
};

/**
 * Exchanges a refresh token for new tokens. Not to be cut short: an authority that rotates refresh
 * tokens has used up the old one as soon as it answers.
 *
 * @throws TokenRefreshError
 */
export async function requestTokens(request: TokenRequest): Promise<RenewedTokens> {
  const { url, refreshToken, transport } = request;
  if (refreshToken === "") {
    throw new TokenRefreshError(
      "other",
      "the ChatGPT login cannot be renewed: it has no refresh token; log out and log in again",
    );
  }
  let text: string;
  try {
    await using response = await transport.send({
      method: "POST",
      url,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_id: defaultClientId,
        grant_type: "refresh_token",
        refresh_token: refreshToken,
      }),
      signal: authoritySignal(),
    });
    text = await response.text({ maxBytes: 1024 * 1024 });
  } catch (error) {
    throw error instanceof HttpStatusError
      ? statusFailure(error, refreshToken)
      : failed(error instanceof Error ? error.message : String(error), error);
  }
  return readTokens(text);
}

function statusFailure({ status, body }: HttpStatusError, refreshToken: string): TokenRefreshError {
  const { code, detail } = readFault(body, [refreshToken]);
  const known = refusals[code?.toLowerCase() ?? ""];
  // RFC 6749 (5.2) answers 400 `invalid_grant`; of other 400s nobody knows that the token is to blame.
  if (status === 401 || status === 403 || (status === 400 && known !== undefined)) {
    const { refusal, why } = known ?? {
      refusal: "other",
      why: `the server refused it with status ${status} (${detail})`,
    };
    return new TokenRefreshError(
      refusal,
      `the ChatGPT login cannot be renewed: ${why}; log out and log in again`,
    );
  }
  return failed(`the server answered with status ${status}: ${detail}`);
}

function readTokens(text: string): RenewedTokens {
  const { id_token, access_token, refresh_token } = objectOf(parseJson(text)) ?? {};
  if (typeof access_token !== "string" || access_token === "") {
    throw failed("the server's answer holds no access token");
  }
  if (!isOptionalText(id_token) || !isOptionalText(refresh_token)) {
    throw failed("the server's answer holds tokens that are not texts");
  }
  if (id_token != null) {
    try {
      parseIdToken(id_token);
    } catch (error) {
      throw failed("the server's answer holds an id token that cannot be read", error);
    }
  }
  return {
    access_token,
    ...(id_token == null ? {} : { id_token }),
    ...(refresh_token == null ? {} : { refresh_token }),
  };
}

function isOptionalText(value: unknown): value is string | null | undefined {
  return value == null || (typeof value === "string" && value !== "");
}

function failed(what: string, cause?: unknown): TokenRefreshError {
  return new TokenRefreshError(
    /*refusal*/ null,
    `the ChatGPT login could not be renewed this time: ${what}; try again later`,
    cause === undefined ? undefined : { cause },
  );
}
