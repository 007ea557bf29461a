// Login in the browser: authorization code with PKCE, and a server on loopback to come back to.
import { createHash, randomBytes } from "node:crypto";
import type { AuthManager } from "./contract.ts";
import {
  type AuthorityTransport,
  authoritySettings,
  defaultClientId,
  defaultIssuer,
  openAuthorityTransport,
  textOf,
  withoutSlash,
} from "./authority.ts";
import type { CallbackResult } from "./callback-server.ts";
import {
  type Authority,
  type LoginTokens,
  checkWorkspace,
  exchangeCode,
  exchangeForApiKey,
} from "./code-exchange.ts";
import { LoginError } from "./errors.ts";
import { accountClaims } from "./jwt.ts";
import { isEntitlementFault, successPage } from "./login-pages.ts";

/** How a login in the browser goes; the issuer and the client id are OpenAI's own by default. */
export interface BrowserLoginOptions {
  readonly manager: AuthManager;
  readonly issuer?: string | undefined;
  readonly clientId?: string | undefined;
  /** Names the program in the address; `codex-ts` by default. */
  readonly originator?: string | undefined;
  /** The only workspace that may be logged in to. */
  readonly forcedWorkspaceId?: string | undefined;
  /** Tried in this order, 0 for any; the issuer lets browsers go back to the default ones. */
  readonly ports?: readonly number[] | undefined;
  /** How the address is opened; by default by the system's browser, and `null` for not at all. */
  readonly openBrowser?: ((url: string) => void) | null | undefined;
  /** By default one that proxies and certificates of `env` apply to. */
  readonly transport?: AuthorityTransport | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Cancels the login. */
  readonly signal?: AbortSignal | undefined;
}

/** A login that waits for the browser. Disposing of it cancels it. */
export interface BrowserLogin extends AsyncDisposable {
  /** For the person to open, where no browser was. */
  readonly authUrl: string;
  /** Where the browser comes back to, on loopback. */
  readonly port: number;
  /**
   * Resolves when the login is stored.
   *
   * @throws LoginError `login_cancelled`, `login_denied`, `login_failed`, `file_access`
   */
  wait(): Promise<void>;
  /** Ends the login; what is not stored by then never is. */
  cancel(): void;
}

/** Those that the issuer knows. */
const defaultPorts = [1455, 1457];

export async function startBrowserLogin(options: BrowserLoginOptions): Promise<BrowserLogin> {
  const { manager, signal, openBrowser } = options;
  signal?.throwIfAborted();
  const issuer = withoutSlash(options.issuer ?? defaultIssuer);
  const clientId = options.clientId ?? defaultClientId;
  const verifier = randomBytes(64).toString("base64url");
  const state = randomBytes(32).toString("base64url");
  const ended = new AbortController();

  async function onCallback(query: URLSearchParams): Promise<CallbackResult> {
    const code = query.get("code") ?? "";
    if (query.has("error")) return declined(query);
    if (code === "") {
      return failed(
        "missing_authorization_code",
        new LoginError("login_failed", "the browser came back without an authorization code"),
      );
    }
    if (options.transport !== undefined) return await complete(options.transport, code);
    await using transport = await openAuthorityTransport(
      await authoritySettings(options.env ?? process.env),
    );
    return await complete(transport, code);
  }

  async function complete(transport: AuthorityTransport, code: string): Promise<CallbackResult> {
    const authority: Authority = { issuer, clientId, transport, signal: ended.signal };
    let tokens: LoginTokens;
    try {
      tokens = await exchangeCode(authority, { code, redirectUri, verifier });
    } catch (error) {
      return failed("token_exchange_failed", error);
    }
    try {
      checkWorkspace(tokens.idToken, options.forcedWorkspaceId);
    } catch (error) {
      return failed("workspace_restriction", error);
    }
    try {
      const apiKey = await exchangeForApiKey(authority, tokens.idToken);
      ended.signal.throwIfAborted();
      await manager.loginWithTokens({ ...tokens, apiKey });
    } catch (error) {
      return failed("persist_failed", error);
    }
    return { kind: "stored", successPage: successPage(setupOf(tokens, issuer)) };
  }

  const { startCallbackServer } = await import("./callback-server.ts");
  const ports = options.ports ?? defaultPorts;
  const server = await startCallbackServer({ ports, state, onCallback });
  const redirectUri = `http://localhost:${server.port}/auth/callback`;
  const { finished } = server;

  function cancel(): void {
    const reason = new LoginError("login_cancelled", "the login was cancelled");
    ended.abort(reason);
    server.close(reason);
  }

  signal?.addEventListener("abort", cancel);
  if (signal?.aborted === true) cancel();
  const forget = () => signal?.removeEventListener("abort", cancel);
  finished.then(forget, forget);
  const authUrl = `${issuer}/oauth/authorize?${percentEncoded({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: "openid profile email offline_access api.connectors.read api.connectors.invoke",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    state,
    originator: options.originator ?? "codex-ts",
    ...(options.forcedWorkspaceId === undefined
      ? {}
      : { allowed_workspace_id: options.forcedWorkspaceId }),
  })}`;
  if (openBrowser === undefined) {
    const { openInBrowser } = await import("./open-in-browser.ts");
    openInBrowser(authUrl);
  } else openBrowser?.(authUrl);

  return {
    authUrl,
    port: server.port,
    wait: async () => await finished,
    cancel,
    async [Symbol.asyncDispose]() {
      cancel();
      await finished.catch(() => {});
    },
  };
}

/** The server has sent the person back with an error (RFC 6749, 4.1.2.1). */
function declined(query: URLSearchParams): CallbackResult {
  const code = textOf(query.get("error")) ?? "unknown_error";
  const description = textOf(query.get("error_description"));
  const message = isEntitlementFault(code, description)
    ? "Codex is not switched on for your workspace; ask its administrator for access"
    : `the sign-in failed: ${description ?? code}`;
  return {
    kind: "failed",
    fault: { code, message, description },
    error: new LoginError("login_denied", message),
  };
}

function failed(code: string, cause: unknown): CallbackResult {
  const error =
    cause instanceof LoginError
      ? cause
      : new LoginError("login_failed", cause instanceof Error ? cause.message : String(cause), {
          cause,
        });
  return { kind: "failed", fault: { code, message: error.message, description: null }, error };
}

function setupOf({ idToken, accessToken }: LoginTokens, issuer: string) {
  const claims = accountClaims(idToken);
  const platform =
    issuer === defaultIssuer ? "https://platform.openai.com" : "https://platform.api.openai.org";
  return {
    needsSetup: claims["completed_platform_onboarding"] !== true && claims["is_org_owner"] === true,
    url: `${platform}/org-setup?${percentEncoded({
      p: textOf(accountClaims(accessToken)["chatgpt_plan_type"]) ?? "",
      t: idToken,
      with_org: textOf(claims["organization_id"]) ?? "",
      project_id: textOf(claims["project_id"]) ?? "",
    })}`,
  };
}

function percentEncoded(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
}
