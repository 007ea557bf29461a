import { type AbsolutePath } from "@codex-ts/absolute-path";
import type { HttpTransport } from "@codex-ts/http-client";
import type { ModelProviderAuth } from "@codex-ts/model-providers";
import type { AuthDotJson } from "./auth-dot-json.ts";
import {
  type AuthorityTransport,
  defaultIssuer,
  openAuthorityTransport,
  refreshUrl,
} from "./authority.ts";
import {
  type CodexAuth,
  accountOf,
  accountPlanOf,
  authOfRecord,
  expirationOf,
  fingerprintOf,
  modeOf,
  needsRenewal,
} from "./codex-auth.ts";
import type { CredentialStore } from "./credential-store.ts";
import { LoginError, TokenRefreshError, otherAccountError } from "./errors.ts";
import { createFileStore } from "./file-store.ts";
import { parseIdToken } from "./jwt.ts";
import type { AccountPlan } from "./plan-type.ts";
import { Secret, cleanToken, maskSecret } from "./secret.ts";
import { type TokenCommand, createTokenCommand } from "./token-command.ts";
import type { RenewedTokens } from "./token-refresh.ts";
import { type UnauthorizedRecovery, createUnauthorizedRecovery } from "./unauthorized-recovery.ts";
import { untilAborted } from "./until-aborted.ts";

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

export interface AuthChange {
  /** Whether anything differs from before. */
  readonly changed: boolean;
  readonly accountChanged: boolean;
}

/** `skipped`: another account, or nothing, is stored by now, and the login in use stays as it was. */
export type GuardedReload = "changed" | "unchanged" | "skipped";

/**
 * The login of one home. All parts of a program share one manager, so that they see the same login:
 * what is stored is read once and kept until a method here replaces it.
 */
export interface AuthManager extends AsyncDisposable {
  readonly codexHome: AbsolutePath;
  /**
   * The login in use; null when logged out. ChatGPT tokens that are past their time are renewed first;
   * when that fails they are given as they are, and {@link AuthManager.refreshFailure} says why. May be
   * called in parallel.
   *
   * @throws LoginError `invalid_record` or `file_access`; the next call tries again. `signal.reason`
   * when aborted; a renewal that has begun goes on.
   */
  auth(signal?: AbortSignal): Promise<CodexAuth | null>;
  /** The login in use as it is; nothing is renewed. @throws as {@link AuthManager.auth} */
  peek(): Promise<CodexAuth | null>;
  /** Whether a ChatGPT token is past its time; never for an API key or a token that does not say. */
  isExpired(auth: CodexAuth): boolean;
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

export interface LogoutOptions {
  /** False removes what is stored and tells nobody; true by default. */
  readonly revoke?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AuthManagerOptions {
  readonly codexHome: AbsolutePath;
  /** `auth.json` in the home by default. */
  readonly store?: CredentialStore | undefined;
  /** For `CODEX_API_KEY`, and handed to token commands. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether `CODEX_API_KEY` goes before what is stored; only for runs without a person. */
  readonly enableCodexApiKeyEnv?: boolean | undefined;
  /** Sends to the authority; by default a transport that proxies and certificates of `env` apply to. */
  readonly transport?: AuthorityTransport | undefined;
  /** Where ChatGPT logins come from; `CODEX_REFRESH_TOKEN_URL_OVERRIDE` goes before it for renewals. */
  readonly issuer?: string | undefined;
  /** How long before its end a token is renewed; 0 by default. */
  readonly renewAheadMs?: number | undefined;
  readonly now?: (() => Date) | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: (() => number) | undefined;
}

interface Snapshot {
  readonly auth: CodexAuth | null;
  /** What was stored; null for what was not, and for no login. */
  readonly record: AuthDotJson | null;
  readonly fingerprint: string;
}

interface RefreshFailure {
  readonly error: TokenRefreshError;
  /** Whether the authority itself has refused, for good. */
  readonly isFinal: boolean;
}

export function createAuthManager({
  codexHome,
  store = createFileStore({ codexHome }),
  env = process.env,
  enableCodexApiKeyEnv = false,
  transport,
  issuer = defaultIssuer,
  renewAheadMs = 0,
  now = () => new Date(),
  monotonicNow,
}: AuthManagerOptions): AuthManager {
  const commands = new Map<string, TokenCommand>();
  let snapshot: Snapshot | undefined;
  let firstLoad: Promise<Snapshot> | undefined;
  let rereading: Promise<GuardedReload> | undefined;
  let refreshing: Promise<void> | undefined;
  /** About the snapshot, and gone with it. */
  let failure: RefreshFailure | undefined;
  let ownTransport: Promise<HttpTransport> | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  /** Runs what reads or replaces the snapshot one after another. */
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return await result;
  }

  async function load(): Promise<Snapshot> {
    const key = enableCodexApiKeyEnv ? (env["CODEX_API_KEY"]?.trim() ?? "") : "";
    if (key !== "") {
      const apiKey = new Secret(cleanToken(key, "the variable CODEX_API_KEY"));
      return {
        auth: { kind: "api_key", source: "environment", apiKey },
        record: null,
        fingerprint: "environment",
      };
    }
    const record = await store.load();
    return record === null ? { auth: null, record, fingerprint: "" } : snapshotOf(record);
  }

  function snapshotOf(record: AuthDotJson): Snapshot {
    return { auth: authOfRecord(record, store.label), record, fingerprint: fingerprintOf(record) };
  }

  function replaceSnapshot(next: Snapshot): void {
    if (next.fingerprint !== snapshot?.fingerprint) failure = undefined;
    snapshot = next;
  }

  async function current(): Promise<Snapshot> {
    if (snapshot !== undefined) return snapshot;
    firstLoad ??= inTurn(async () => (snapshot ??= await load())).finally(() => {
      firstLoad = undefined;
    });
    return await firstLoad;
  }

  /** To be called in turn. */
  async function reloadSameAccount(before: Snapshot): Promise<GuardedReload> {
    const account = before.auth === null ? null : accountOf(before.auth);
    let loaded: Snapshot;
    try {
      loaded = await load();
    } catch {
      return "skipped";
    }
    if (before.auth?.kind !== "chatgpt" || loaded.auth === null) return "skipped";
    if (loaded.fingerprint === before.fingerprint) return "unchanged";
    if (account === null || accountOf(loaded.auth) !== account) return "skipped";
    replaceSnapshot(loaded);
    return "changed";
  }

  async function guardedReload(): Promise<GuardedReload> {
    rereading ??= current()
      .then(async () => await inTurn(async () => await reloadSameAccount(await snapshotInTurn())))
      .catch((): GuardedReload => "skipped")
      .finally(() => {
        rereading = undefined;
      });
    return await rereading;
  }

  async function snapshotInTurn(): Promise<Snapshot> {
    return (snapshot ??= await load());
  }

  async function refreshToken(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    refreshing ??= current()
      .then(async () => await inTurn(renewInTurn))
      .finally(() => {
        refreshing = undefined;
      });
    await untilAborted(refreshing, signal);
  }

  async function renewInTurn(): Promise<void> {
    const { auth } = await snapshotInTurn();
    if (auth === null || auth.kind === "api_key" || auth.external) return;
    try {
      if (await takeStoredTokens()) return;
      await store.exclusively(async () => {
        // While this process waited, another may have renewed them.
        if (!(await takeStoredTokens())) await renewFromAuthority();
      });
    } catch (cause) {
      const error =
        cause instanceof TokenRefreshError
          ? cause
          : new TokenRefreshError(
              null,
              `the ChatGPT login could not be renewed: ${cause instanceof Error ? cause.message : String(cause)}`,
              { cause },
            );
      if (failure?.isFinal !== true) failure = { error, isFinal: false };
      throw error;
    }
  }

  /** Whether the store holds tokens of the same account that are newer and good. */
  async function takeStoredTokens(): Promise<boolean> {
    const before = await snapshotInTurn();
    if ((await reloadSameAccount(before)) === "skipped") throw otherAccountError();
    const { auth, record } = await snapshotInTurn();
    const isNew = record?.tokens?.access_token !== before.record?.tokens?.access_token;
    if (isNew && auth !== null && !needsRenewal(auth, now(), renewAheadMs)) return true;
    if (failure?.isFinal === true) throw failure.error;
    return false;
  }

  /** To be called in turn and with the store to ourselves. */
  async function renewFromAuthority(): Promise<void> {
    const { requestTokens } = await import("./token-refresh.ts");
    const attempted = await snapshotInTurn();
    let tokens: RenewedTokens;
    try {
      tokens = await requestTokens({
        url: refreshUrl(env, issuer),
        refreshToken: attempted.record?.tokens?.refresh_token ?? "",
        transport: await authorityTransport(),
      });
    } catch (error) {
      if (error instanceof TokenRefreshError && error.refusal !== null) {
        // A program that asks for no lock may have been faster: then its tokens are stored by now.
        if (await takeStoredTokens()) return;
        failure = { error, isFinal: true };
      }
      throw error;
    }
    const stored = await store.load();
    const storedAuth = stored === null ? null : authOfRecord(stored, store.label);
    // Programs that ask for no lock may have stored another login meanwhile.
    if (stored?.tokens == null || !storedAuth || !attempted.auth) throw otherAccountError();
    if (accountOf(storedAuth) !== accountOf(attempted.auth)) throw otherAccountError();
    const renewed = {
      ...stored,
      tokens: { ...stored.tokens, ...tokens },
      last_refresh: now().toISOString(),
    };
    // Before the save: should that fail, this process at least can go on.
    replaceSnapshot(snapshotOf(renewed));
    await store.save(renewed);
  }

  async function authorityTransport(): Promise<AuthorityTransport> {
    if (transport !== undefined) return transport;
    ownTransport ??= openAuthorityTransport(env);
    return await ownTransport;
  }

  function isExpired(auth: CodexAuth): boolean {
    const expiration = expirationOf(auth);
    return expiration !== null && expiration <= now();
  }

  /** What other versions have stored is kept; the login itself is replaced. To be called in turn. */
  async function replaceLogin(login: AuthDotJson): Promise<void> {
    await store.exclusively(async () => {
      await store.save({ ...(await loadIfReadable()), ...login });
    });
    replaceSnapshot(await load());
  }

  async function revokeStored(signal: AbortSignal | undefined): Promise<void> {
    const record = await loadIfReadable();
    if (record?.tokens == null || modeOf(record) !== "chatgpt") return;
    const { revokeTokens } = await import("./revocation.ts");
    const { tokens } = record;
    await revokeTokens({
      tokenUrl: refreshUrl(env, issuer),
      tokens,
      transport: await authorityTransport(),
      signal,
    });
  }

  async function loadIfReadable(): Promise<AuthDotJson | null> {
    try {
      return await store.load();
    } catch (error) {
      if (error instanceof LoginError && error.code === "invalid_record") return null;
      throw error;
    }
  }

  return {
    codexHome,

    async auth(signal) {
      const { auth } = await current();
      if (auth === null || !needsRenewal(auth, now(), renewAheadMs)) return auth;
      try {
        await refreshToken(signal);
      } catch (error) {
        if (!(error instanceof TokenRefreshError)) throw error;
      }
      return (await current()).auth;
    },

    async reload() {
      return await inTurn(async () => {
        const before = snapshot;
        const after = await load();
        replaceSnapshot(after);
        const account = (auth: CodexAuth | null | undefined) => (auth ? accountOf(auth) : null);
        return {
          changed: before?.fingerprint !== after.fingerprint,
          accountChanged: account(before?.auth) !== account(after.auth),
        };
      });
    },

    async peek() {
      return (await current()).auth;
    },

    isExpired,
    guardedReload,
    refreshToken,

    refreshFailure() {
      return failure?.error ?? null;
    },

    async unauthorizedRecovery() {
      const { auth } = await current();
      return createUnauthorizedRecovery({ auth, guardedReload, refreshToken });
    },

    async loginWithApiKey(key) {
      const OPENAI_API_KEY = cleanToken(key, "the API key");
      await inTurn(async () => {
        await replaceLogin({
          auth_mode: "apikey",
          OPENAI_API_KEY,
          tokens: null,
          last_refresh: null,
        });
      });
    },

    async loginWithTokens({ idToken, accessToken, refreshToken: refresh_token, apiKey }) {
      const account_id = parseIdToken(idToken).accountId;
      await inTurn(async () => {
        await replaceLogin({
          auth_mode: "chatgpt",
          OPENAI_API_KEY: apiKey,
          tokens: { id_token: idToken, access_token: accessToken, refresh_token, account_id },
          last_refresh: now().toISOString(),
        });
      });
    },

    async logout({ revoke = true, signal } = {}) {
      return await inTurn(async () => {
        const removed = await store.exclusively(async () => {
          if (revoke) await revokeStored(signal);
          return await store.delete();
        });
        replaceSnapshot(await load());
        return removed;
      });
    },

    async status() {
      const record = await store.load();
      const auth = record === null ? null : authOfRecord(record, store.label);
      if (auth === null) return { kind: "logged_out" };
      if (auth.kind === "api_key") {
        return { kind: "api_key", maskedKey: maskSecret(auth.apiKey.reveal()) };
      }
      return {
        kind: "chatgpt",
        email: auth.idToken.email,
        plan: accountPlanOf(auth),
        accountId: accountOf(auth),
        expiresAt: expirationOf(auth),
      };
    },

    tokenCommand(auth) {
      const { command, args, timeout_ms, refresh_interval_ms, cwd } = auth;
      const key = JSON.stringify([command, args, timeout_ms, refresh_interval_ms, cwd]);
      const known = commands.get(key);
      if (known !== undefined) return known;
      const made = createTokenCommand({ auth, folder: codexHome, env, monotonicNow });
      commands.set(key, made);
      return made;
    },

    async [Symbol.asyncDispose]() {
      // Tokens that are on their way are the only ones that the authority still takes.
      await refreshing?.catch(() => {});
      await Promise.all([...commands.values()].map((command) => command[Symbol.asyncDispose]()));
      await (await ownTransport)?.[Symbol.asyncDispose]();
    },
  };
}
