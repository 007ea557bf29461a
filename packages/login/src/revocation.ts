// Tells the authority that a login is to end.
import { HttpStatusError } from "@codex-ts/http-client";
import type { StoredTokens } from "./auth-dot-json.ts";
import {
  type AuthorityTransport,
  authoritySignal,
  defaultClientId,
  readFault,
} from "./authority.ts";
import { LoginError } from "./errors.ts";

export interface Revocation {
  /** The address that tokens come from; they are revoked beside it. */
  readonly tokenUrl: string;
  readonly tokens: StoredTokens;
  readonly transport: AuthorityTransport;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Revokes the refresh token, and with it the login (RFC 7009); without one, the access token.
 *
 * @throws LoginError `revocation_failed`
 */
export async function revokeTokens(revocation: Revocation): Promise<void> {
  const { tokenUrl, tokens, transport, signal } = revocation;
  const { access_token: accessToken, refresh_token: refreshToken } = tokens;
  const [token, hint] =
    refreshToken === "" ? [accessToken, "access_token"] : [refreshToken, "refresh_token"];
  try {
    await using response = await transport.send({
      method: "POST",
      url: new URL("revoke", tokenUrl).href,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, token_type_hint: hint, client_id: defaultClientId }),
      signal: authoritySignal(signal),
    });
    response.release();
  } catch (error) {
    signal?.throwIfAborted();
    const why =
      error instanceof HttpStatusError
        ? `the server answered with status ${error.status}: ${readFault(error.body, [token]).detail}`
        : error instanceof Error
          ? error.message
          : String(error);
    throw new LoginError(
      "revocation_failed",
      `the ChatGPT login could not be revoked and is still stored: ${why}; try again`,
      error instanceof HttpStatusError ? undefined : { cause: error },
    );
  }
}
