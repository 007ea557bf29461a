// What a client of the engine may know of the login: the method, and the token if it asks for it.
import type { ResolvedModelProvider } from "@codex-ts/model-providers";
import type { AuthMode } from "./auth-dot-json.ts";
import { type CodexAuth, apiAuthModeOf } from "./codex-auth.ts";
import type { AuthManager } from "./contract.ts";
import { redactInOutput } from "./secret.ts";

/** How much to tell. By default the token is neither told nor renewed. */
export interface AuthStatusQuestion {
  readonly includeToken?: boolean | undefined;
  /** Renews the tokens first; that this may fail changes nothing but the answer. */
  readonly refreshToken?: boolean | undefined;
}

/** The answer of `getAuthStatus`. Printing or serialising it does not show the token. */
export interface AuthStatus {
  /** Null when nobody is logged in, or the provider wants no login. */
  readonly authMethod: AuthMode | null;
  /** Null when it was not asked for, and for a login that can not be renewed any more. */
  readonly authToken: string | null;
  /** Whether the provider wants the person's own login. */
  readonly requiresOpenaiAuth: boolean;
}

/**
 * Which login requests to `provider` carry, for a client of the engine.
 *
 * @throws LoginError as {@link AuthManager.auth}
 */
export async function getAuthStatus(
  manager: AuthManager,
  provider: Pick<ResolvedModelProvider, "requires_openai_auth">,
  { includeToken = false, refreshToken = false }: AuthStatusQuestion = {},
): Promise<AuthStatus> {
  if (refreshToken && !(await isHostLogin(manager))) await manager.refreshToken().catch(() => {});
  if (!provider.requires_openai_auth)
    return status(/*authMethod*/ null, /*authToken*/ null, /*requiresOpenaiAuth*/ false);
  const auth = refreshToken ? await manager.peek() : await manager.auth();
  const token = auth === null ? "" : tokenOf(auth);
  if (auth === null || token === "")
    return status(/*authMethod*/ null, /*authToken*/ null, /*requiresOpenaiAuth*/ true);
  const isRefused = (manager.refreshFailure()?.refusal ?? null) !== null;
  return status(
    apiAuthModeOf(auth),
    includeToken && !isRefused ? token : null,
    /*requiresOpenaiAuth*/ true,
  );
}

async function isHostLogin(manager: AuthManager): Promise<boolean> {
  const auth = await manager.peek();
  return auth !== null && apiAuthModeOf(auth) === "chatgptAuthTokens";
}

function tokenOf(auth: CodexAuth): string {
  return auth.kind === "api_key" ? auth.apiKey.reveal() : auth.accessToken.reveal();
}

function status(
  authMethod: AuthMode | null,
  authToken: string | null,
  requiresOpenaiAuth: boolean,
): AuthStatus {
  const shown = { authMethod, authToken: authToken === null ? null : "[redacted]" };
  return redactInOutput(
    { authMethod, authToken, requiresOpenaiAuth },
    { ...shown, requiresOpenaiAuth },
  );
}
