/** Why a login cannot be had, stored or renewed. */
export type LoginErrorCode =
  /** A stored record that is not what it should be; the message names the place and the key at most. */
  | "invalid_record"
  /** The file or its folder cannot be read or written. */
  | "file_access"
  /** The operating system's keyring cannot be used. */
  | "keyring_access"
  /** A token that has to be a JWT (RFC 7519) is none. */
  | "invalid_jwt"
  /** The variable that a provider's `env_key` names is unset or blank. */
  | "missing_env_key"
  /** A token or key that cannot be sent in a header. */
  | "invalid_token"
  /** A provider's token command could not be started, failed, took too long or printed no token. */
  | "token_command_failed"
  /** The stored access token has expired, and nobody has renewed it. */
  | "token_expired"
  /** A ChatGPT login can not be renewed any more; always a {@link TokenRefreshError}. */
  | "refresh_refused"
  /** A ChatGPT login could not be renewed this time; always a {@link TokenRefreshError}. */
  | "refresh_failed"
  /** Requests need a login, and nobody is logged in. */
  | "not_logged_in"
  /** The kind of login has changed while the program ran, and with it the server that takes it. */
  | "login_changed"
  /** Whoever started a login has ended it. */
  | "login_cancelled"
  /** The person, their administrator or the configuration does not allow this login. */
  | "login_denied"
  /** A login did not come to its end for any other reason. */
  | "login_failed"
  /** No port is free for the browser to come back to. */
  | "port_in_use"
  /** The server offers no login with a device code. */
  | "device_login_unavailable"
  /** The server could not be told that a login is to end; it is still stored. */
  | "revocation_failed";

/** Thrown when a credential cannot be read, stored or obtained. The message never holds one. */
export class LoginError extends Error {
  override readonly name: string = "LoginError";
  readonly code: LoginErrorCode;

  constructor(code: LoginErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Why a login cannot be renewed any more: its refresh token is past its time, used up or revoked. */
export type RefreshRefusal = "expired" | "exhausted" | "revoked" | "other";

/** A ChatGPT login could not be renewed. */
export class TokenRefreshError extends LoginError {
  override readonly name = "TokenRefreshError";
  /** Null for a failure that may pass: the network, a server that is out of order. */
  readonly refusal: RefreshRefusal | null;

  constructor(refusal: RefreshRefusal | null, message: string, options?: ErrorOptions) {
    super(refusal === null ? "refresh_failed" : "refresh_refused", message, options);
    this.refusal = refusal;
  }
}

/** The store holds another login by now, so the one in use must not be renewed. */
export function otherAccountError(): TokenRefreshError {
  return new TokenRefreshError(
    "other",
    "the ChatGPT login in use cannot be renewed: it was logged out or replaced by another account's since it was read; log in again",
  );
}

/** What stood in the way of a renewal, as an error of it. */
export function asRefreshError(cause: unknown): TokenRefreshError {
  if (cause instanceof TokenRefreshError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TokenRefreshError(/*refusal*/ null, `the ChatGPT login could not be renewed: ${why}`, {
    cause,
  });
}
