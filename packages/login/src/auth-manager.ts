import { type AbsolutePath } from "@codex-ts/absolute-path";
import type { ModelProviderAuth } from "@codex-ts/model-providers";
import type { AuthDotJson } from "./auth-dot-json.ts";
import {
  type CodexAuth,
  accountOf,
  accountPlanOf,
  authOfRecord,
  expirationOf,
  fingerprintOf,
} from "./codex-auth.ts";
import type { CredentialStore } from "./credential-store.ts";
import { LoginError } from "./errors.ts";
import { createFileStore } from "./file-store.ts";
import type { AccountPlan } from "./plan-type.ts";
import { Secret, cleanToken, maskSecret } from "./secret.ts";
import { type TokenCommand, createTokenCommand } from "./token-command.ts";

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
   * The login in use; null when logged out. A ChatGPT token that has expired is looked for in the store
   * again, where another program may have renewed it. May be called in parallel.
   *
   * @throws LoginError `invalid_record` or `file_access`; the next call tries again.
   */
  auth(): Promise<CodexAuth | null>;
  /** Whether a ChatGPT token is past its time; never for an API key or a token that does not say. */
  isExpired(auth: CodexAuth): boolean;
  /** Reads the store anew, whatever account it holds. @throws as {@link AuthManager.auth} */
  reload(): Promise<AuthChange>;
  /** Reads the store anew unless it holds another account. Does not throw. */
  guardedReload(): Promise<GuardedReload>;
  /**
   * Stores an API key in place of the login that is there, even of one that cannot be read.
   *
   * @throws LoginError `invalid_token` or `file_access`
   */
  loginWithApiKey(key: string): Promise<void>;
  /** Removes the stored login; whether there was one. @throws LoginError `file_access` */
  logout(): Promise<boolean>;
  /** What is stored now; the environment is not looked at. @throws as {@link AuthManager.auth} */
  status(): Promise<LoginStatus>;
  /** The tokens of a provider's command; one object, and so one run at a time, for equal blocks. */
  tokenCommand(auth: ModelProviderAuth): TokenCommand;
}

export interface AuthManagerOptions {
  readonly codexHome: AbsolutePath;
  /** `auth.json` in the home by default. */
  readonly store?: CredentialStore | undefined;
  /** For `CODEX_API_KEY`, and handed to token commands. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether `CODEX_API_KEY` goes before what is stored; only for runs without a person. */
  readonly enableCodexApiKeyEnv?: boolean | undefined;
  readonly now?: (() => Date) | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: (() => number) | undefined;
}

interface Snapshot {
  readonly auth: CodexAuth | null;
  readonly fingerprint: string;
}

export function createAuthManager({
  codexHome,
  store = createFileStore({ codexHome }),
  env = process.env,
  enableCodexApiKeyEnv = false,
  now = () => new Date(),
  monotonicNow,
}: AuthManagerOptions): AuthManager {
  const commands = new Map<string, TokenCommand>();
  let snapshot: Snapshot | undefined;
  let firstLoad: Promise<Snapshot> | undefined;
  let rereading: Promise<GuardedReload> | undefined;
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
        fingerprint: "environment",
      };
    }
    const record = await store.load();
    if (record === null) return { auth: null, fingerprint: "" };
    return { auth: authOfRecord(record, store.label), fingerprint: fingerprintOf(record) };
  }

  async function current(): Promise<Snapshot> {
    if (snapshot !== undefined) return snapshot;
    firstLoad ??= inTurn(async () => (snapshot ??= await load())).finally(() => {
      firstLoad = undefined;
    });
    return await firstLoad;
  }

  async function rereadSameAccount(): Promise<GuardedReload> {
    await current();
    return await inTurn(async () => {
      const before = snapshot;
      const loaded = await load();
      const account = before?.auth ? accountOf(before.auth) : null;
      if (account === null || loaded.auth === null || accountOf(loaded.auth) !== account) {
        return "skipped";
      }
      snapshot = loaded;
      return loaded.fingerprint === before?.fingerprint ? "unchanged" : "changed";
    });
  }

  async function guardedReload(): Promise<GuardedReload> {
    rereading ??= rereadSameAccount()
      .catch((): GuardedReload => "skipped")
      .finally(() => {
        rereading = undefined;
      });
    return await rereading;
  }

  function isExpired(auth: CodexAuth): boolean {
    const expiration = expirationOf(auth);
    return expiration !== null && expiration <= now();
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

    async auth() {
      const { auth } = await current();
      if (auth === null || !isExpired(auth)) return auth;
      await guardedReload();
      return (await current()).auth;
    },

    async reload() {
      return await inTurn(async () => {
        const before = snapshot;
        const after = await load();
        snapshot = after;
        const account = (auth: CodexAuth | null | undefined) => (auth ? accountOf(auth) : null);
        return {
          changed: before?.fingerprint !== after.fingerprint,
          accountChanged: account(before?.auth) !== account(after.auth),
        };
      });
    },

    isExpired,
    guardedReload,

    async loginWithApiKey(key) {
      const OPENAI_API_KEY = cleanToken(key, "the API key");
      await inTurn(async () => {
        await store.save({
          // What other versions have stored is kept; the login itself is replaced.
          ...(await loadIfReadable()),
          auth_mode: "apikey",
          OPENAI_API_KEY,
          tokens: null,
          last_refresh: null,
        });
        snapshot = await load();
      });
    },

    async logout() {
      return await inTurn(async () => {
        const removed = await store.delete();
        snapshot = await load();
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
      await Promise.all([...commands.values()].map((command) => command[Symbol.asyncDispose]()));
    },
  };
}
