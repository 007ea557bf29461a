export type LoginErrorCode =
  /** A stored record that is not what it should be; the message names the place and the key at most. */
  | "invalid_record"
  /** The file or its folder cannot be read or written. */
  | "file_access"
  /** A value of `cli_auth_credentials_store` that this version does not offer. */
  | "unsupported_store"
  | "invalid_jwt"
  /** The variable that a provider's `env_key` names is unset or blank. */
  | "missing_env_key"
  /** A token or key that cannot be sent in a header. */
  | "invalid_token"
  /** A provider's token command could not be started, failed, took too long or printed no token. */
  | "token_command_failed"
  /** The stored access token has expired, and nobody has renewed it. */
  | "token_expired"
  | "not_logged_in";

/** Thrown when a credential cannot be read, stored or obtained. The message never holds one. */
export class LoginError extends Error {
  override readonly name = "LoginError";
  readonly code: LoginErrorCode;

  constructor(code: LoginErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
