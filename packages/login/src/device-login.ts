// Login with a code that the person enters in a browser, on this machine or another one.
import { setTimeout as delay } from "node:timers/promises";
import { HttpError, HttpStatusError } from "@codex-ts/http-client";
import type { AuthManager } from "./contract.ts";
import {
  type AuthorityTransport,
  authoritySettings,
  authoritySignal,
  defaultClientId,
  defaultIssuer,
  objectOf,
  openAuthorityTransport,
  parseJson,
  readFault,
  textOf,
  withoutSlash,
} from "./authority.ts";
import {
  type Authority,
  type AuthorizationCode,
  checkWorkspace,
  exchangeCode,
  requestFailure,
} from "./code-exchange.ts";
import { LoginError } from "./errors.ts";

/** For the person: open the address, enter the code. Whoever else gets the code could use it. */
export interface DeviceCode {
  readonly verificationUrl: string;
  readonly userCode: string;
  readonly expiresAt: Date;
}

/**
 * How a login with a device code goes; the issuer and the client id are OpenAI's own by default.
 */
export interface DeviceLoginOptions {
  readonly manager: AuthManager;
  /** Shows the code; called once. */
  readonly onCode: (code: DeviceCode) => void;
  readonly issuer?: string | undefined;
  readonly clientId?: string | undefined;
  /** The only workspace that may be logged in to. */
  readonly forcedWorkspaceId?: string | undefined;
  /** By default one that proxies and certificates of `env` apply to. */
  readonly transport?: AuthorityTransport | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Ends the login; nothing is stored then. */
  readonly signal?: AbortSignal | undefined;
  readonly now?: (() => Date) | undefined;
  readonly sleep?: ((ms: number, signal: AbortSignal | undefined) => Promise<unknown>) | undefined;
}

const lifetimeMs = 15 * 60 * 1000;
const slowDownMs = 5000;

export async function loginWithDeviceCode(options: DeviceLoginOptions): Promise<void> {
  const { manager, issuer = defaultIssuer, clientId = defaultClientId } = options;
  if (options.transport === undefined) {
    await using transport = await openAuthorityTransport(
      await authoritySettings(options.env ?? process.env),
    );
    await loginWithDeviceCode({ ...options, transport });
    return;
  }
  const signal = options.signal ?? new AbortController().signal;
  const base = withoutSlash(issuer);
  const authority: Authority = { issuer: base, clientId, transport: options.transport, signal };
  const started = await requestUserCode(authority);
  const now = options.now ?? (() => new Date());
  const expiresAt = new Date(now().getTime() + lifetimeMs);
  options.onCode({
    verificationUrl: `${base}/codex/device`,
    userCode: started.userCode,
    expiresAt,
  });
  const code = await waitForApproval(authority, started, {
    expiresAt,
    now,
    sleep: options.sleep ?? (async (ms, abort) => await delay(ms, undefined, { signal: abort })),
  });
  const tokens = await exchangeCode(authority, code);
  checkWorkspace(tokens.idToken, options.forcedWorkspaceId);
  signal.throwIfAborted();
  await manager.loginWithTokens({ ...tokens, apiKey: null });
}

interface StartedLogin {
  readonly deviceAuthId: string;
  readonly userCode: string;
  readonly intervalMs: number;
}

async function requestUserCode(authority: Authority): Promise<StartedLogin> {
  let answer: Readonly<Record<string, unknown>>;
  try {
    answer = await postJson(authority, "usercode", { client_id: authority.clientId });
  } catch (error) {
    authority.signal.throwIfAborted();
    if (error instanceof HttpStatusError && error.status === 404) {
      throw new LoginError(
        "device_login_unavailable",
        `${authority.issuer} offers no login with a device code; log in with the browser, or check the server's address`,
      );
    }
    throw requestFailure(error, "the login server gave no device code");
  }
  const deviceAuthId = textOf(answer["device_auth_id"]);
  const userCode = textOf(answer["user_code"]) ?? textOf(answer["usercode"]);
  if (deviceAuthId === null || userCode === null) {
    throw new LoginError("login_failed", "the login server's answer holds no device code");
  }
  const seconds = Number(answer["interval"]);
  const intervalMs = Number.isFinite(seconds) ? Math.max(seconds * 1000, 1000) : 1000;
  return { deviceAuthId, userCode, intervalMs };
}

interface Clock {
  readonly expiresAt: Date;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
}

async function waitForApproval(
  authority: Authority,
  { deviceAuthId, userCode, intervalMs }: StartedLogin,
  { expiresAt, now, sleep }: Clock,
): Promise<AuthorizationCode> {
  let pauseMs = intervalMs;
  for (;;) {
    authority.signal.throwIfAborted();
    const secrets = [deviceAuthId, userCode];
    try {
      const answer = await postJson(authority, "token", {
        device_auth_id: deviceAuthId,
        user_code: userCode,
      });
      const code = textOf(answer["authorization_code"]);
      const verifier = textOf(answer["code_verifier"]);
      if (code !== null && verifier !== null) {
        return { code, verifier, redirectUri: `${authority.issuer}/deviceauth/callback` };
      }
      throw new LoginError("login_failed", "the login server's answer holds no authorization code");
    } catch (error) {
      authority.signal.throwIfAborted();
      pauseMs += slowDownAfter(error, secrets);
    }
    const leftMs = expiresAt.getTime() - now().getTime();
    if (leftMs <= 0) {
      throw new LoginError(
        "login_failed",
        "the device code was not entered within 15 minutes; start the login again",
      );
    }
    await sleep(Math.min(pauseMs, leftMs), authority.signal);
  }
}

/** How much slower to ask on, when the answer only means that the person is not done yet (RFC 8628, 3.5). */
function slowDownAfter(error: unknown, secrets: readonly string[]): number {
  if (!(error instanceof HttpStatusError)) {
    // A connection that broke says nothing of the person.
    const isBroken = error instanceof HttpError && ["network", "timeout"].includes(error.code);
    if (isBroken) return slowDownMs;
    throw error;
  }
  const { code, detail } = readFault(error.body, secrets);
  if (code === "access_denied" || code === "authorization_declined") {
    throw new LoginError("login_denied", `the login was declined: ${detail}`);
  }
  if (code === "expired_token") {
    throw new LoginError("login_failed", `the device code is past its time: ${detail}`);
  }
  if (code === "slow_down" || error.status === 429) return slowDownMs;
  if (code === "authorization_pending" || error.status === 403 || error.status === 404) return 0;
  throw new LoginError(
    "login_failed",
    `the login server ended the login with status ${error.status}: ${detail}`,
  );
}

async function postJson(
  { issuer, transport, signal }: Authority,
  name: "usercode" | "token",
  body: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  await using response = await transport.send({
    method: "POST",
    url: `${issuer}/api/accounts/deviceauth/${name}`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: authoritySignal(signal),
  });
  return objectOf(parseJson(await response.text({ maxBytes: 1024 * 1024 }))) ?? {};
}
