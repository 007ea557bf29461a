// `codex-ts login`, `login status` and `logout`: everything a person reads goes to stderr.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { HttpTransport } from "@codex-ts/http-client";
import {
  type AuthManager,
  createAuthManager,
  createCredentialStore,
  loginWithDeviceCode,
  LoginError,
  startBrowserLogin,
} from "@codex-ts/login";
import { decodeInput } from "../exec/prompt.ts";
import { openConfig, openTransport } from "../engine.ts";
import { Failure } from "../failure.ts";
import type { ConfigFlags } from "../flags.ts";
import type { LoginMethod } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";

interface LoginInvocation {
  readonly config: ConfigFlags;
}

export async function runLogin(
  { config, with: method }: LoginInvocation & { readonly with: LoginMethod },
  terminal: Terminal,
): Promise<number> {
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
  await explained(() => logIn(auth, method, terminal));
  terminal.stderr("Successfully logged in\n");
  return 0;
}

async function logIn(auth: OpenAuth, method: LoginMethod, terminal: Terminal): Promise<void> {
  const { manager, transport, env, forcedWorkspaceId } = auth;
  switch (method) {
    case "api_key": {
      terminal.stderr("Reading API key from stdin...\n");
      const key = decodeInput(await terminal.readStdin()).trim();
      if (key === "") throw new Failure("No API key provided via stdin.");
      await manager.loginWithApiKey(key);
      break;
    }
    case "browser": {
      await using login = await startBrowserLogin({ manager, transport, env, forcedWorkspaceId });
      terminal.stderr(
        [
          `Waiting for your browser on http://localhost:${login.port}. If it did not open, open this address:`,
          "",
          login.authUrl,
          "",
          "On a machine without a browser, stop here and use: codex-ts login --device-auth",
          "",
        ].join("\n"),
      );
      await login.wait();
      break;
    }
    case "device":
      await loginWithDeviceCode({
        manager,
        transport,
        env,
        forcedWorkspaceId,
        onCode: ({ verificationUrl, userCode }) => {
          terminal.stdout(
            [
              "Log in with a browser on any device:",
              "",
              `  1. Open ${verificationUrl}`,
              `  2. Enter the code ${userCode} (it is good for 15 minutes)`,
              "",
              "Enter it only if you started this login yourself: whoever has the code gets the login.",
              "",
            ].join("\n"),
          );
        },
      });
      break;
  }
}

/** Says what is stored; reads nothing else, so an environment variable does not count. */
export async function runLoginStatus(
  { config }: LoginInvocation,
  terminal: Terminal,
): Promise<number> {
  await using auth = await openAuth(config, terminal);
  const status = await explained(() => auth.manager.status());
  switch (status.kind) {
    case "api_key":
      terminal.stderr(`Logged in using an API key - ${status.maskedKey}\n`);
      return 0;
    case "chatgpt":
      terminal.stderr("Logged in using ChatGPT\n");
      return 0;
    case "logged_out":
      terminal.stderr("Not logged in\n");
      return 1;
  }
}

export async function runLogout(
  { config, local }: LoginInvocation & { readonly local: boolean },
  terminal: Terminal,
): Promise<number> {
  await using auth = await openAuth(config, terminal);
  const removed = await explained(() => auth.manager.logout({ revoke: !local }));
  terminal.stderr(removed ? "Successfully logged out\n" : "Not logged in\n");
  return 0;
}

interface OpenAuth extends AsyncDisposable {
  readonly manager: AuthManager;
  readonly transport: HttpTransport;
  readonly env: Terminal["env"];
  readonly forced: "chatgpt" | "api" | undefined;
  readonly forcedWorkspaceId: string | undefined;
}

async function openAuth(flags: ConfigFlags, terminal: Terminal): Promise<OpenAuth> {
  const cwd: AbsolutePath = await workingFolder(undefined, terminal.cwd);
  const { config, env } = await openConfig(flags, terminal, cwd);
  const store = await explained(async () =>
    createCredentialStore(config.cliAuthCredentialsStore, { codexHome: config.codexHome }),
  );
  const transport = openTransport(env);
  const manager = createAuthManager({ codexHome: config.codexHome, store, env, transport });
  return {
    manager,
    transport,
    env,
    forced: config.forcedLoginMethod,
    forcedWorkspaceId: config.forcedChatgptWorkspaceId,
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
