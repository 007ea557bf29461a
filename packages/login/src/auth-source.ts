// Which credential goes to which provider.
import { type ResolvedModelProvider, defaultProviderId } from "@codex-ts/model-providers";
import type { AuthManager } from "./contract.ts";
import type { CodexAuth } from "./codex-auth.ts";
import { LoginError } from "./errors.ts";
import { Secret, cleanToken, redactInOutput } from "./secret.ts";

/** What a request is authenticated with. Printing or serialising it does not show the bearer. */
export interface RequestAuth {
  readonly kind: "api_key" | "chatgpt" | "none";
  /** Sent as `Authorization: Bearer …`. */
  readonly bearer?: string;
  /** Sent as `ChatGPT-Account-ID`. */
  readonly accountId?: string;
}

/** Where the requests to one provider get their authentication from. May be used in parallel. */
export interface AuthSource {
  /**
   * What requests will carry, found out without running a command. It chooses OpenAI's base address.
   *
   * @throws LoginError `invalid_record` or `file_access`
   */
  kind(): Promise<RequestAuth["kind"]>;
  /**
   * The credential for the next request. May run the provider's token command; when that fails, this
   * rejects, and no request must be sent.
   *
   * @throws LoginError; `signal.reason` when aborted.
   */
  current(signal?: AbortSignal): Promise<RequestAuth>;
  /**
   * Called after a 401 that `used` got: whether another try with {@link AuthSource.current} makes
   * sense. Runs the token command again, or looks for newer tokens of the login in the store and then
   * asks the authority. Repeated calls end in false.
   *
   * @throws LoginError when the token command or the renewal fails; `signal.reason` when aborted.
   */
  recover(used: RequestAuth, signal?: AbortSignal): Promise<boolean>;
}

/** A provider, and the login that it may get. */
export interface AuthSourceOptions {
  readonly provider: ResolvedModelProvider;
  readonly manager: AuthManager;
  /** For the provider's `env_key`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: (() => number) | undefined;
}

/**
 * The first that applies: the variable `env_key`, `experimental_bearer_token`, the command of the `auth`
 * block, and, only for a provider with `requires_openai_auth`, the person's own login. Any other
 * provider gets requests without `Authorization`.
 */
export function createAuthSource({
  provider,
  manager,
  env = process.env,
  monotonicNow = () => performance.now(),
}: AuthSourceOptions): AuthSource {
  const { env_key: variable, experimental_bearer_token: literal, auth: command } = provider;
  if (variable !== undefined) {
    return fixedSource("api_key", () => bearerAuth(readEnvKey(provider, variable, env)));
  }
  if (literal !== undefined) {
    const what = `experimental_bearer_token of model_providers.${provider.id}`;
    return fixedSource("api_key", () => bearerAuth(cleanToken(literal, what)));
  }
  if (command !== undefined) {
    const tokens = manager.tokenCommand(command);
    return {
      kind: async () => "api_key",
      current: async (signal) => bearerAuth(await tokens.token(signal)),
      recover: async ({ bearer = "" }, signal) => await tokens.renew(bearer, signal),
    };
  }
  if (provider.requires_openai_auth) return loginSource(provider, manager, monotonicNow);
  return fixedSource("none", () => ({ kind: "none" }));
}

/** A credential that a 401 cannot change. */
function fixedSource(kind: RequestAuth["kind"], read: () => RequestAuth): AuthSource {
  return {
    kind: async () => kind,
    async current(signal) {
      signal?.throwIfAborted();
      return read();
    },
    recover: async () => false,
  };
}

function readEnvKey(
  { id, env_key_instructions: instructions }: ResolvedModelProvider,
  variable: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const value = env[variable]?.trim() ?? "";
  if (value !== "") return cleanToken(value, `the variable ${variable}`);
  const wayOut = instructions === undefined ? "" : ` ${instructions}`;
  throw new LoginError(
    "missing_env_key",
    `the model provider ${id} needs an API key in the variable ${variable}, which is not set.${wayOut}`,
  );
}

/** A token that the authority gave within this time, and that is refused, is not renewed again. */
const renewalTrialMs = 60_000;

function loginSource(
  provider: ResolvedModelProvider,
  manager: AuthManager,
  monotonicNow: () => number,
): AuthSource {
  /** Which of OpenAI's servers the requests go to. */
  let addressFor: "api_key" | "chatgpt" | undefined;
  let renewed: { readonly bearer: Secret; readonly at: number } | undefined;

  function isOnTrial(bearer: string | undefined): boolean {
    if (renewed === undefined || renewed.bearer.reveal() !== bearer) return false;
    return monotonicNow() - renewed.at < renewalTrialMs;
  }

  /** A ChatGPT login is worth nothing at the server for API keys, and the other way round. */
  function checkAddress(kind: "api_key" | "chatgpt"): void {
    addressFor ??= kind;
    if (kind === addressFor || provider.base_url !== undefined) return;
    throw new LoginError(
      "login_changed",
      "the login was changed between an API key and ChatGPT, and they have servers of their own; start this program again",
    );
  }

  return {
    async kind() {
      const kind = manager.externalKind ?? (await manager.peek())?.kind ?? "none";
      addressFor ??= kind === "chatgpt" ? kind : "api_key";
      return kind;
    },
    async current(signal) {
      signal?.throwIfAborted();
      const auth = await manager.auth(signal);
      signal?.throwIfAborted();
      if (auth !== null) {
        checkAddress(auth.kind);
        return loginAuth(auth, manager);
      }
      // The address of the built-in provider may have been set to a server that needs no login. Whoever
      // writes requires_openai_auth for a provider of their own means it.
      if (provider.id === defaultProviderId && provider.base_url !== undefined) {
        return { kind: "none" };
      }
      throw new LoginError(
        "not_logged_in",
        `the model provider ${provider.id} needs a login, and there is none; log in with \`codex-ts login\``,
      );
    },
    async recover({ kind, bearer }, signal) {
      signal?.throwIfAborted();
      const inUse = await tokenInUse(manager);
      if (inUse !== (bearer ?? null)) return inUse !== null;
      if (kind !== "chatgpt" && manager.externalKind !== "api_key") return false;
      const recovery = await manager.unauthorizedRecovery();
      while (recovery.readiness === "ready") {
        const { step } = recovery;
        if (step !== "reload" && isOnTrial(bearer)) return false;
        await recovery.next(signal);
        const token = await tokenInUse(manager);
        if (token === null) return false;
        if (token === bearer) continue;
        if (step !== "reload") renewed = { bearer: new Secret(token), at: monotonicNow() };
        return true;
      }
      return false;
    },
  };
}

async function tokenInUse(manager: AuthManager): Promise<string | null> {
  const auth = manager.externalKind === null ? await manager.peek() : await manager.auth();
  if (auth === null) return null;
  return auth.kind === "chatgpt" ? auth.accessToken.reveal() : auth.apiKey.reveal();
}

function loginAuth(auth: CodexAuth, manager: AuthManager): RequestAuth {
  if (auth.kind === "api_key") return bearerAuth(auth.apiKey.reveal());
  if (manager.isExpired(auth)) {
    throw (
      manager.refreshFailure() ??
      new LoginError(
        "token_expired",
        "the ChatGPT tokens have expired, and only the program that has set them can renew them; log in with `codex-ts login`, or use an API key (`codex-ts login --with-api-key`)",
      )
    );
  }
  const { accountId } = auth;
  const shown = { kind: "chatgpt", ...(accountId === null ? {} : { accountId }) } as const;
  return redactInOutput({ ...shown, bearer: auth.accessToken.reveal() }, shown);
}

function bearerAuth(bearer: string): RequestAuth {
  return redactInOutput({ kind: "api_key", bearer } as const, { kind: "api_key" });
}
