// What an AuthManager promises.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { HeaderFields } from "@codex-ts/http-client";
import type { ModelProviderAuth } from "@codex-ts/model-providers";
import type { AuthorityTransport } from "./authority.ts";
import type { CodexAuth } from "./codex-auth.ts";
import type { CredentialStore } from "./credential-store.ts";
import type { TokenRefreshError } from "./errors.ts";
import type { ExternalBearer, ExternalTokens } from "./external-bearer.ts";
import type { AccountPlan } from "./plan-type.ts";
import type { TokenCommand } from "./token-command.ts";
import type { UnauthorizedRecovery } from "./unauthorized-recovery.ts";

/** What is stored, for a person to see. */
export type LoginStatus =
  | { readonly kind: "logged_out" }
  | { readonly kind: "api_key"; readonly maskedKey: string }
  | {
      readonly kind: "chatgpt";
      readonly email: string | null;
      readonly plan: AccountPlan | null;
      readonly accountId: string | null;
      /** Null when the token does not say. */
      readonly expiresAt: Date | null;
    };

/** What reading the store anew has changed. */
export interface AuthChange {
  /** Whether anything differs from before. */
  readonly changed: boolean;
  readonly accountChanged: boolean;
}

/** What {@link AuthManager.onChange} tells. */
export interface AuthEvent {
  /** The login in use from now on. */
  readonly auth: CodexAuth | null;
  readonly accountChanged: boolean;
}

/** `skipped`: another account, or nothing, is stored by now, and the login in use stays as it was. */
export type GuardedReload = "changed" | "unchanged" | "skipped";

/**
 * The login of one home. All parts of a program share one manager, so that they see the same login:
 * what is stored is read once and kept until it changes. What other processes change is seen within a
 * second: before a login is handed out, the store is asked for a mark of its state, twice a second at
 * most.
 */
export interface AuthManager extends AsyncDisposable {
  readonly codexHome: AbsolutePath;
  /**
   * The login in use; null when logged out. ChatGPT tokens that are past their time are renewed first;
   * when that fails they are given as they are, and {@link AuthManager.refreshFailure} says why. May be
   * called in parallel.
   *
   * @throws LoginError `invalid_record`, `file_access` or `keyring_access`; the next call tries again.
   * Whatever an external source throws. `signal.reason` when aborted; a renewal that has begun goes on.
   */
  auth(signal?: AbortSignal): Promise<CodexAuth | null>;
  /** The login in use as it is; nothing is renewed, and no external source is asked. @throws as {@link AuthManager.auth} */
  peek(): Promise<CodexAuth | null>;
  /** Whether a ChatGPT token is past its time; never for an API key or a token that does not say. */
  isExpired(auth: CodexAuth): boolean;
  /**
   * Calls `listener` after every change of the login in use, within a second also of one that another
   * process has made; gives what ends that. The listener must not throw. Does not keep the process
   * alive.
   */
  onChange(listener: (event: AuthEvent) => void): () => void;
  /** Reads the store anew, whatever account it holds. @throws as {@link AuthManager.auth} */
  reload(): Promise<AuthChange>;
  /** Reads the store anew unless it holds another account. Does not throw. */
  guardedReload(): Promise<GuardedReload>;
  /**
   * Gets new tokens for a ChatGPT login: from the store if another process has put them there, else,
   * and then in one process at a time, from the authority. One renewal serves all who call meanwhile.
   * Resolves at once for every other login.
   *
   * @throws TokenRefreshError `refresh_refused` (and, until the stored login changes, again without
   * asking the authority) or `refresh_failed`; `signal.reason` when aborted; the renewal then goes on.
   */
  refreshToken(signal?: AbortSignal): Promise<void>;
  /** Why the login in use could not be renewed the last time; null once it was, or has changed. */
  refreshFailure(): TokenRefreshError | null;
  /** The steps to take after the login in use got a 401. @throws as {@link AuthManager.auth} */
  unauthorizedRecovery(): Promise<UnauthorizedRecovery>;
  /**
   * Stores an API key in place of the login that is there, even of one that cannot be read.
   *
   * @throws LoginError `invalid_token` or `file_access`
   */
  loginWithApiKey(key: string): Promise<void>;
  /**
   * Stores tokens of a ChatGPT login in place of the login that is there.
   *
   * @throws LoginError `invalid_jwt` or `file_access`
   */
  loginWithTokens(login: ChatgptTokens): Promise<void>;
  /**
   * Takes tokens of a host application for the login in use. They go before what is stored, are kept in
   * memory alone, and are renewed by the external source of the kind `chatgpt`.
   *
   * @throws TokenRefreshError `refresh_failed` when they name no account or another workspace than the
   * required one, or are no JWT.
   */
  loginWithHostTokens(tokens: ExternalTokens): Promise<void>;
  /** Sets the external source of tokens, or takes it away. */
  setExternalBearer(source: ExternalBearer | null): void;
  /** What kind of external source is set; null for none. */
  readonly externalKind: ExternalBearer["kind"] | null;
  /**
   * Removes the stored login; whether there was one. A ChatGPT login of our own is revoked first, so
   * that copies of it are worth nothing; should that fail, it stays stored.
   *
   * @throws LoginError `revocation_failed` or `file_access`
   */
  logout(options?: LogoutOptions): Promise<boolean>;
  /** What is stored now; the environment is not looked at. @throws as {@link AuthManager.auth} */
  status(): Promise<LoginStatus>;
  /** The tokens of a provider's command; one object, and so one run at a time, for equal blocks. */
  tokenCommand(auth: ModelProviderAuth): TokenCommand;
}

/** What a login with ChatGPT gives. */
export interface ChatgptTokens {
  /** A JWT. */
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The API key that some accounts get with it. */
  readonly apiKey: string | null;
}

/** What becomes of the tokens on the authority's side. */
export interface LogoutOptions {
  /** False removes what is stored and tells nobody; true by default. */
  readonly revoke?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where a login is stored, and what may stand in its place. */
export interface AuthManagerOptions {
  readonly codexHome: AbsolutePath;
  /** `auth.json` in the home by default. */
  readonly store?: CredentialStore | undefined;
  /** For `CODEX_API_KEY`, and handed to token commands. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether `CODEX_API_KEY` goes before what is stored; only for runs without a person. */
  readonly enableCodexApiKeyEnv?: boolean | undefined;
  /** Where tokens come from that are not stored. */
  readonly external?: ExternalBearer | undefined;
  /** The only workspace that tokens of a host application may be for. */
  readonly forcedWorkspaceId?: string | undefined;
  /**
   * Sends to the authority, and renews tokens in this process; by default a transport that proxies and
   * certificates of `env` apply to, and a process of its own for each renewal.
   */
  readonly transport?: AuthorityTransport | undefined;
  /** Headers of requests to the authority where no `transport` is given; an `originator` by default. */
  readonly defaultHeaders?: HeaderFields | undefined;
  /** Where ChatGPT logins come from; `CODEX_REFRESH_TOKEN_URL_OVERRIDE` goes before it for renewals. */
  readonly issuer?: string | undefined;
  /**
   * How long before its end a token is renewed, but no more than a tenth of the time that it lasts; 0 by
   * default.
   */
  readonly renewAheadMs?: number | undefined;
  /** A clock of one's own; then tokens are renewed in this process. */
  readonly now?: (() => Date) | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: (() => number) | undefined;
}
