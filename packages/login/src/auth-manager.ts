import type { AuthDotJson } from "./auth-dot-json.ts";
import { defaultIssuer, refreshUrl } from "./authority.ts";
import { type CodexAuth, accountOf, expirationOf, modeOf, needsRenewal } from "./codex-auth.ts";
import type { AuthManager, AuthManagerOptions } from "./contract.ts";
import { LoginError, TokenRefreshError, asRefreshError, otherAccountError } from "./errors.ts";
import { type ExternalTokens, hostRecord } from "./external-bearer.ts";
import { createFileStore } from "./file-store.ts";
import { createHeldLogin } from "./held-login.ts";
import { parseIdToken } from "./jwt.ts";
import { statusOf } from "./login-status.ts";
import type { RenewalOutcome } from "./renewal.ts";
import { type LoginInUse, createRenewer } from "./renewer.ts";
import { Secret, cleanToken } from "./secret.ts";
import { type TokenCommand, createTokenCommand } from "./token-command.ts";
import { createUnauthorizedRecovery } from "./unauthorized-recovery.ts";
import { untilAborted } from "./until-aborted.ts";

interface RefreshFailure {
  readonly error: TokenRefreshError;
  /** Whether the authority itself has refused, for good. */
  readonly isFinal: boolean;
}

/** Makes the manager of one home. Nothing is read, sent or watched before it is asked. */
export function createAuthManager({
  codexHome,
  store = createFileStore({ codexHome }),
  env = process.env,
  enableCodexApiKeyEnv = false,
  external: givenSource,
  forcedWorkspaceId,
  transport,
  defaultHeaders,
  issuer = defaultIssuer,
  renewAheadMs = 0,
  now: clock,
  monotonicNow = () => performance.now(),
}: AuthManagerOptions): AuthManager {
  const now = clock ?? (() => new Date());
  const commands = new Map<string, TokenCommand>();
  let external = givenSource ?? null;
  let refreshing: Promise<void> | undefined;
  /** About the login in use, and gone with it. */
  let failure: RefreshFailure | undefined;
  const environmentKey = enableCodexApiKeyEnv
    ? env["CODEX_API_KEY"]?.trim() || undefined
    : undefined;
  const login = createHeldLogin({
    store,
    environmentKey,
    monotonicNow,
    onReplaced: () => {
      failure = undefined;
    },
  });
  const renewer = createRenewer({
    store,
    env,
    issuer,
    renewAheadMs,
    defaultHeaders,
    transport,
    now: clock,
  });

  async function refreshToken(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    refreshing ??= login
      .current()
      .then(async () => await login.inTurn(renewInTurn))
      .finally(() => {
        refreshing = undefined;
      });
    await untilAborted(refreshing, signal);
  }

  async function renewInTurn(): Promise<void> {
    const { auth } = await login.currentInTurn();
    if (auth === null || auth.kind === "api_key") return;
    if (auth.external) {
      if (external?.kind === "chatgpt") await refreshHostLogin();
      return;
    }
    try {
      if (!(await takeStoredTokens())) await takeOutcome(await renewer.renew(loginInUse));
    } catch (cause) {
      const error = asRefreshError(cause);
      if (failure?.isFinal !== true) failure = { error, isFinal: false };
      throw error;
    }
  }

  /** Asks the external source for other tokens. To be called in turn. */
  async function refreshHostLogin(): Promise<void> {
    if (external?.kind !== "chatgpt") return;
    const { auth } = await login.currentInTurn();
    const previousAccountId = auth === null ? null : accountOf(auth);
    const tokens = await external.refresh({ reason: "unauthorized", previousAccountId });
    login.hostLogin = hostRecord(tokens, { forcedWorkspaceId, now: now() });
    await login.reloadInTurn();
  }

  async function externalRefresh(signal?: AbortSignal): Promise<void> {
    if (external?.kind === "chatgpt") return await refreshToken(signal);
    await external?.refresh({ reason: "unauthorized", previousAccountId: null }, signal);
  }

  /** What an external source gives now; null where there is none, or it has nothing. */
  async function externalAuth(signal: AbortSignal | undefined): Promise<CodexAuth | null> {
    if (external === null) return null;
    if (external.kind === "chatgpt") {
      if (login.hostLogin !== null) return null;
      const tokens = await external.resolve(signal);
      if (tokens !== null) await takeHostTokens(tokens);
      return null;
    }
    const tokens = await external.resolve(signal);
    if (tokens === null) return null;
    const apiKey = new Secret(cleanToken(tokens.accessToken, "the token of the external source"));
    return { kind: "api_key", source: "external", apiKey };
  }

  async function takeHostTokens(tokens: ExternalTokens): Promise<void> {
    const record = hostRecord(tokens, { forcedWorkspaceId, now: now() });
    await login.inTurn(async () => {
      login.hostLogin = record;
      await login.reloadInTurn();
    });
  }

  /** Whether the store holds tokens of the same account that are newer and good. */
  async function takeStoredTokens(): Promise<boolean> {
    const before = await login.currentInTurn();
    if ((await login.reloadSameAccountInTurn()) === "skipped") throw otherAccountError();
    const { auth, record } = await login.currentInTurn();
    const isNew = record?.tokens?.access_token !== before.record?.tokens?.access_token;
    if (isNew && auth !== null && !needsRenewal(auth, now(), renewAheadMs)) return true;
    if (failure?.isFinal === true) throw failure.error;
    return false;
  }

  /** The login that is to be renewed; null when there are newer tokens by now. */
  async function loginInUse(): Promise<LoginInUse | null> {
    if (await takeStoredTokens()) return null;
    const { auth, record } = await login.currentInTurn();
    const accountId = auth === null ? null : accountOf(auth);
    return { accountId, accessToken: record?.tokens?.access_token ?? "" };
  }

  /** To be called in turn. */
  async function takeOutcome(outcome: RenewalOutcome): Promise<void> {
    switch (outcome.kind) {
      case "stored":
        await takeStoredRenewal();
        return;
      case "unsaved":
        // This process at least can go on.
        await login.keepUnsavedInTurn(outcome);
        throw outcome.error;
      case "failed":
        if (outcome.isFinal) failure = { error: outcome.error, isFinal: true };
        throw outcome.error;
    }
  }

  async function takeStoredRenewal(): Promise<void> {
    const { auth } = await login.currentInTurn();
    // Of a login that names no account, only the renewal could see whose the new tokens are.
    if (auth !== null && accountOf(auth) === null) await login.reloadInTurn();
    else if ((await login.reloadSameAccountInTurn()) === "skipped") throw otherAccountError();
  }

  function isExpired(auth: CodexAuth): boolean {
    const expiration = expirationOf(auth);
    return expiration !== null && expiration <= now();
  }

  /** What other versions have stored is kept; the login itself is replaced. To be called in turn. */
  async function replaceLogin(record: AuthDotJson): Promise<void> {
    await store.exclusively(async () => {
      await store.save({ ...(await loadIfReadable()), ...record });
    });
    await login.reloadInTurn();
  }

  async function revokeStored(signal: AbortSignal | undefined): Promise<void> {
    const record = await loadIfReadable();
    if (record?.tokens == null || modeOf(record) !== "chatgpt") return;
    const { revokeTokens } = await import("./revocation.ts");
    const { tokens } = record;
    await revokeTokens({
      tokenUrl: refreshUrl(env, issuer),
      tokens,
      transport: await renewer.transport(),
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
      if (external !== null) {
        const given = await externalAuth(signal);
        if (given !== null) return given;
      }
      const { auth } = await login.latest(signal);
      if (auth === null || !needsRenewal(auth, now(), renewAheadMs)) return auth;
      try {
        await refreshToken(signal);
      } catch (error) {
        if (!(error instanceof TokenRefreshError)) throw error;
      }
      return (await login.current()).auth;
    },

    async reload() {
      return await login.inTurn(login.reloadInTurn);
    },

    async peek() {
      return (await login.latest()).auth;
    },

    onChange: login.onChange,
    isExpired,
    guardedReload: login.guardedReload,
    refreshToken,

    refreshFailure() {
      return failure?.error ?? null;
    },

    async unauthorizedRecovery() {
      return createUnauthorizedRecovery({
        auth: (await login.latest()).auth,
        externalKind: external?.kind ?? null,
        guardedReload: login.guardedReload,
        refreshToken,
        externalRefresh,
      });
    },

    async loginWithApiKey(key) {
      const OPENAI_API_KEY = cleanToken(key, "the API key");
      await login.inTurn(async () => {
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
      await login.inTurn(async () => {
        await replaceLogin({
          auth_mode: "chatgpt",
          OPENAI_API_KEY: apiKey,
          tokens: { id_token: idToken, access_token: accessToken, refresh_token, account_id },
          last_refresh: now().toISOString(),
        });
      });
    },

    loginWithHostTokens: takeHostTokens,

    setExternalBearer(source) {
      external = source;
    },

    get externalKind() {
      return external?.kind ?? null;
    },

    async logout({ revoke = true, signal } = {}) {
      return await login.inTurn(async () => {
        const hadHostLogin = login.hostLogin !== null;
        const removed = await store.exclusively(async () => {
          if (revoke) await revokeStored(signal);
          return await store.delete();
        });
        login.hostLogin = null;
        await login.reloadInTurn();
        return removed || hadHostLogin;
      });
    },

    async status() {
      return statusOf(await store.load(), store.label);
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
      login.stopWatching();
      renewer.letGo();
      // Tokens that are on their way to this process are the only ones that the authority still takes.
      await refreshing?.catch(() => {});
      await Promise.all([...commands.values()].map((command) => command[Symbol.asyncDispose]()));
      await renewer[Symbol.asyncDispose]();
    },
  };
}
