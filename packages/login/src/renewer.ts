// Renews the stored login: in a process of its own where that can be, so that the end of this one loses
// no tokens, and else in this one.
import type { HeaderFields, HttpTransport } from "@codex-ts/http-client";
import { withLockFile } from "@codex-ts/lock-file";
import {
  type AuthorityTransport,
  authoritySettings,
  openAuthorityTransport,
  refreshUrl,
} from "./authority.ts";
import type { CredentialStore, StoreAddress } from "./credential-store.ts";
import { tokenMark } from "./codex-auth.ts";
import { TokenRefreshError } from "./errors.ts";
import type { RenewalChild } from "./renewal-child.ts";
import { type RenewalOutcome, type RenewalRequest, renewStoredLogin } from "./renewal.ts";
import { untilAborted } from "./until-aborted.ts";

/**
 * How long a process that renews may live: as long as it may wait for the lock and then for the
 * authority, and some time to save.
 */
const deadlineMs = 180_000;

export interface RenewerOptions {
  readonly store: CredentialStore;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly issuer: string;
  readonly renewAheadMs: number;
  readonly defaultHeaders: HeaderFields | undefined;
  /** With one of these, the caller's own, everything stays in this process. */
  readonly transport: AuthorityTransport | undefined;
  readonly now: (() => Date) | undefined;
}

/** The login that is to be renewed. */
export interface LoginInUse {
  readonly accountId: string | null;
  readonly accessToken: string;
}

export interface Renewer extends AsyncDisposable {
  /**
   * @param login gives the login in use, or null when the store has got good tokens meanwhile; asked
   * when it is this process's turn.
   * @throws TokenRefreshError after {@link Renewer.letGo}; whatever `login` throws.
   */
  renew(login: () => Promise<LoginInUse | null>): Promise<RenewalOutcome>;
  /** What other requests to the authority are sent with. */
  transport(): Promise<AuthorityTransport>;
  /** Ends the wait for a process that renews, but not that process. */
  letGo(): void;
}

/** Opens nothing before it is used. */
export function createRenewer(options: RenewerOptions): Renewer {
  const { store, env, issuer, renewAheadMs, now } = options;
  const ending = new AbortController();
  let child: RenewalChild | undefined;
  let ownTransport: Promise<HttpTransport> | undefined;

  const settings = async () => await authoritySettings(env, options.defaultHeaders);

  async function transport(): Promise<AuthorityTransport> {
    if (options.transport !== undefined) return options.transport;
    ownTransport ??= settings().then(openAuthorityTransport);
    return await ownTransport;
  }

  function requestFor({ accountId, accessToken }: LoginInUse): RenewalRequest {
    const accessTokenMark = tokenMark(accessToken);
    return { accountId, accessTokenMark, url: refreshUrl(env, issuer), renewAheadMs };
  }

  /** Null where no process can be had, and of one that was ended before it could say what came of it. */
  async function renewApart(
    address: StoreAddress,
    login: () => Promise<LoginInUse | null>,
  ): Promise<RenewalOutcome | null> {
    const { canStartNode, startRenewalChild } = await import("./renewal-child.ts");
    if (!canStartNode()) return null;
    // Of many processes that want the same tokens, one starts another process; that one takes the lock.
    return await inLine(`${address.codexHome}/auth.json.renewal.lock`, ending.signal, async () => {
      const inUse = await login();
      if (inUse === null) return { kind: "stored" };
      const request = requestFor(inUse);
      const order = { store: address, transport: await settings(), request, deadlineMs };
      ending.signal.throwIfAborted();
      try {
        child = startRenewalChild(order);
      } catch {
        return null;
      }
      return await untilAborted(child.outcome, ending.signal);
    });
  }

  async function renewHere(login: () => Promise<LoginInUse | null>): Promise<RenewalOutcome> {
    const inUse = await login();
    if (inUse === null) return { kind: "stored" };
    return await renewStoredLogin(requestFor(inUse), {
      store,
      transport: await transport(),
      now: now ?? (() => new Date()),
    });
  }

  return {
    transport,

    async renew(login) {
      const canCross = options.transport === undefined && now === undefined;
      const { address } = store;
      const outcome = canCross && address !== undefined ? await renewApart(address, login) : null;
      return outcome ?? (await renewHere(login));
    },

    letGo() {
      const message = "the ChatGPT login is renewed without this program, which ends";
      ending.abort(new TokenRefreshError(/*refusal*/ null, message));
      child?.letGo();
    },

    async [Symbol.asyncDispose]() {
      await (await ownTransport)?.[Symbol.asyncDispose]();
    },
  };
}

/** The lock only saves work: whoever cannot have it goes ahead without it. */
async function inLine<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let isWorking = false;
  const start = async () => {
    isWorking = true;
    return await work();
  };
  try {
    return await withLockFile(path, start, { signal });
  } catch (error) {
    if (isWorking || signal.aborted) throw error;
    return await work();
  }
}
