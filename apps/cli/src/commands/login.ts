// `codex-ts login`, `login status` and `logout`: everything a person reads goes to stderr.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { HttpTransport } from "@codex-ts/http-client";
import {
  type AuthManager,
  type BrowserLogin,
  type DeviceCode,
  type LoginStatus,
  createAuthManager,
  createCredentialStore,
  loginWithDeviceCode,
  LoginError,
  startBrowserLogin,
} from "@codex-ts/login";
import type { JsonValue } from "@codex-ts/protocol";
import { decodeInput } from "../exec/prompt.ts";
import { openTransport, ourHeaders } from "../engine.ts";
import { Failure } from "../failure.ts";
import type { ConfigFlags } from "../flags.ts";
import { openConfig } from "../open-config.ts";
import type { Invocation, LoginMethod } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { openLoginLog } from "./login-log.ts";
import { workingFolder } from "../working-folder.ts";

type Login = Extract<Invocation, { readonly command: "login" }>;
type AllowedLogin = Login & { readonly with: Exclude<LoginMethod, "key_argument"> };

export async function runLogin(login: Login, terminal: Terminal): Promise<number> {
  const { config, with: method } = login;
  if (method === "key_argument") {
    throw new Failure(
      "--api-key would put the key into your shell's history; pipe it in instead: printenv OPENAI_API_KEY | codex-ts login --with-api-key",
    );
  }
  if (method === "api_key" && terminal.stdinIsTerminal) {
    throw new Failure(
      "--with-api-key reads the key from standard input: printenv OPENAI_API_KEY | codex-ts login --with-api-key",
    );
  }
  await using auth = await openAuth(config, terminal);
  const wanted = method === "api_key" ? "api" : "chatgpt";
  if (auth.forced !== undefined && auth.forced !== wanted) {
    throw new Failure(
      `this kind of login is switched off here: the configuration says forced_login_method = ${JSON.stringify(auth.forced)}`,
    );
  }
  const log = openLoginLog(auth.logDir);
  await log(`${method}: started`);
  try {
    await explained(() => logIn(auth, { ...login, with: method }, terminal));
  } catch (error) {
    await log(`${method}: failed: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
  await log(`${method}: done`);
  terminal.stderr("Successfully logged in\n");
  if (login.json) printStatus(await auth.manager.status(), terminal);
  return 0;
}

async function logIn(auth: OpenAuth, login: AllowedLogin, terminal: Terminal): Promise<void> {
  const { manager, transport, env, forcedWorkspaceId } = auth;
  const common = { manager, transport, env, forcedWorkspaceId };
  switch (login.with) {
    case "api_key": {
      terminal.stderr("Reading API key from stdin...\n");
      const key = decodeInput(await terminal.readStdin()).trim();
      if (key === "")
        throw new Failure(
          "No API key provided via stdin. Pipe it in: printenv OPENAI_API_KEY | codex-ts login --with-api-key",
        );
      await manager.loginWithApiKey(key);
      break;
    }
    case "browser": {
      await using browser = await startBrowserLogin(common);
      if (login.json) printJson({ auth_url: browser.authUrl }, terminal);
      else terminal.stderr(browserText(browser));
      await browser.wait();
      break;
    }
    case "device":
      await loginWithDeviceCode({
        ...common,
        issuer: login.issuer,
        clientId: login.clientId,
        onCode: (code) => {
          if (login.json) {
            const { verificationUrl: verification_url, userCode: user_code } = code;
            const expires_at = code.expiresAt.toISOString();
            printJson({ verification_url, user_code, expires_at }, terminal);
          } else terminal.stdout(deviceText(code));
        },
      });
      break;
  }
}

function browserText({ port, authUrl }: BrowserLogin): string {
  return [
    `Waiting for your browser on http://localhost:${port}. If it did not open, open this address:`,
    "",
    authUrl,
    "",
    "On a machine without a browser, stop here and use: codex-ts login --device-auth",
    "",
  ].join("\n");
}

function deviceText({ verificationUrl, userCode }: DeviceCode): string {
  return [
    "Log in with a browser on any device:",
    "",
    `  1. Open ${verificationUrl}`,
    `  2. Enter the code ${userCode} (it is good for 15 minutes)`,
    "",
    "Enter it only if you started this login yourself: whoever has the code gets the login.",
    "",
  ].join("\n");
}

/** Says what is stored; reads nothing else, so an environment variable does not count. */
export async function runLoginStatus(
  { config, json }: Extract<Invocation, { readonly command: "login status" }>,
  terminal: Terminal,
): Promise<number> {
  await using auth = await openAuth(config, terminal);
  const status = await explained(() => auth.manager.status());
  if (json) printStatus(status, terminal);
  else terminal.stderr(`${statusText(status)}\n`);
  return status.kind === "logged_out" ? 1 : 0;
}

function statusText(status: LoginStatus): string {
  switch (status.kind) {
    case "api_key":
      return `Logged in using an API key - ${status.maskedKey}`;
    case "chatgpt":
      return "Logged in using ChatGPT";
    case "logged_out":
      return "Not logged in";
  }
}

function printStatus(status: LoginStatus, terminal: Terminal): void {
  switch (status.kind) {
    case "api_key": {
      const { maskedKey: masked_key } = status;
      return printJson({ logged_in: true, method: "apikey", masked_key }, terminal);
    }
    case "chatgpt": {
      const { email, plan, accountId: account_id, expiresAt } = status;
      const expires_at = expiresAt?.toISOString() ?? null;
      const about = { email, plan, account_id, expires_at };
      return printJson({ logged_in: true, method: "chatgpt", ...about }, terminal);
    }
    case "logged_out":
      return printJson({ logged_in: false }, terminal);
  }
}

function printJson(value: Readonly<Record<string, JsonValue>>, terminal: Terminal): void {
  terminal.stdout(`${JSON.stringify(value)}\n`);
}

export async function runLogout(
  { config, local, json }: Extract<Invocation, { readonly command: "logout" }>,
  terminal: Terminal,
): Promise<number> {
  await using auth = await openAuth(config, terminal);
  const removed = await explained(() => auth.manager.logout({ revoke: !local }));
  if (json) printJson({ logged_in: false, removed }, terminal);
  else terminal.stderr(removed ? "Successfully logged out\n" : "Not logged in\n");
  return 0;
}

interface OpenAuth extends AsyncDisposable {
  readonly manager: AuthManager;
  readonly transport: HttpTransport;
  readonly env: Terminal["env"];
  readonly forced: "chatgpt" | "api" | undefined;
  readonly forcedWorkspaceId: string | undefined;
  readonly logDir: AbsolutePath;
}

async function openAuth(flags: ConfigFlags, terminal: Terminal): Promise<OpenAuth> {
  const cwd: AbsolutePath = await workingFolder(/*flag*/ undefined, terminal.cwd);
  const { config, env } = await openConfig(flags, terminal, cwd);
  const store = createCredentialStore(config.cliAuthCredentialsStore, {
    codexHome: config.codexHome,
  });
  const defaultHeaders = ourHeaders(env);
  const transport = openTransport(env, defaultHeaders);
  const manager = createAuthManager({ codexHome: config.codexHome, store, env, defaultHeaders });
  return {
    manager,
    transport,
    env,
    forced: config.forcedLoginMethod,
    forcedWorkspaceId: config.forcedChatgptWorkspaceId,
    logDir: config.logDir,
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    const wayOut =
      error.code === "revocation_failed"
        ? "; to remove the login here all the same, use codex-ts logout --local"
        : "";
    throw new Failure(`${error.message}${wayOut}`, { cause: error });
  }
}
