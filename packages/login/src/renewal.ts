// One renewal of the stored login, from the lock to the save: run by the process that wants it, or by one
// that was made for it.
import type { AuthDotJson, StoredTokens } from "./auth-dot-json.ts";
import type { AuthorityTransport } from "./authority.ts";
import {
  type ChatgptAuth,
  accountOf,
  authOfRecord,
  fingerprintOf,
  needsRenewal,
  tokenMark,
} from "./codex-auth.ts";
import type { CredentialStore } from "./credential-store.ts";
import { TokenRefreshError, asRefreshError, otherAccountError } from "./errors.ts";
import type { RenewedTokens } from "./token-refresh.ts";

/** What is to be renewed; no secret. */
export interface RenewalRequest {
  readonly accountId: string | null;
  /** The {@link tokenMark} of the token in use: another one that is stored by now is newer. */
  readonly accessTokenMark: string;
  /** Where tokens are renewed. */
  readonly url: string;
  /** How long before its end a token is not good any more. */
  readonly renewAheadMs: number;
}

export interface RenewalMeans {
  readonly store: CredentialStore;
  readonly transport: AuthorityTransport;
  readonly now: () => Date;
}

export type RenewalOutcome =
  /** The store holds good tokens, from this renewal or another one. */
  | { readonly kind: "stored" }
  /** There are new tokens, and the store, which did not take them, holds a record of `replaces`. */
  | {
      readonly kind: "unsaved";
      readonly record: AuthDotJson;
      readonly replaces: string;
      readonly error: TokenRefreshError;
    }
  | {
      readonly kind: "failed";
      readonly error: TokenRefreshError;
      /** Whether the authority itself has refused, for good. */
      readonly isFinal: boolean;
    };

/** Does not throw. */
export async function renewStoredLogin(
  request: RenewalRequest,
  means: RenewalMeans,
): Promise<RenewalOutcome> {
  try {
    return await means.store.exclusively(async () => await renewInTurn(request, means));
  } catch (error) {
    return { kind: "failed", error: asRefreshError(error), isFinal: false };
  }
}

/** To be called with the store to ourselves. */
async function renewInTurn(request: RenewalRequest, means: RenewalMeans): Promise<RenewalOutcome> {
  // Before the request: nothing is to stand between its answer and the save.
  const { requestTokens } = await import("./token-refresh.ts");
  const attempted = await loadSameAccount(request, means);
  if (isRenewed(attempted, request, means)) return { kind: "stored" };
  let tokens: RenewedTokens;
  try {
    const refreshToken = attempted.tokens.refresh_token;
    tokens = await requestTokens({ url: request.url, refreshToken, transport: means.transport });
  } catch (error) {
    if (!(error instanceof TokenRefreshError) || error.refusal === null) throw error;
    // A program that asks for no lock may have been faster: then its tokens are stored by now.
    if (isRenewed(await loadSameAccount(request, means), request, means)) return { kind: "stored" };
    return { kind: "failed", error, isFinal: true };
  }
  const { record, tokens: replaced } = await loadSameAccount(request, means).catch(
    (error: unknown) => {
      // Programs that ask for no lock may have stored another login meanwhile.
      if (error instanceof TokenRefreshError) throw error;
      return attempted;
    },
  );
  const renewed = {
    ...record,
    tokens: { ...replaced, ...tokens },
    last_refresh: means.now().toISOString(),
  };
  try {
    await means.store.save(renewed);
  } catch (error) {
    const replaces = fingerprintOf(record);
    return { kind: "unsaved", record: renewed, replaces, error: asRefreshError(error) };
  }
  return { kind: "stored" };
}

interface Stored {
  readonly record: AuthDotJson;
  readonly auth: ChatgptAuth;
  readonly tokens: StoredTokens;
}

/** @throws TokenRefreshError when another account's login, or none, is stored. */
async function loadSameAccount(
  { accountId, accessTokenMark }: RenewalRequest,
  { store }: RenewalMeans,
): Promise<Stored> {
  const record = await store.load();
  const auth = record === null ? null : authOfRecord(record, store.label);
  if (record?.tokens == null || auth?.kind !== "chatgpt" || auth.external)
    throw otherAccountError();
  const { tokens } = record;
  const account = accountOf(auth);
  // Of logins without an account, only the tokens themselves tell whose they are.
  const isSame =
    account === accountId &&
    (account !== null || tokenMark(tokens.access_token) === accessTokenMark);
  if (!isSame) throw otherAccountError();
  return { record, auth, tokens };
}

/** Whether the tokens are newer than those in use, and good. */
function isRenewed(
  { auth, tokens }: Stored,
  { accessTokenMark, renewAheadMs }: RenewalRequest,
  { now }: RenewalMeans,
): boolean {
  const isNew = tokenMark(tokens.access_token) !== accessTokenMark;
  return isNew && !needsRenewal(auth, now(), renewAheadMs);
}
