// `codex-ts login`, `login status` and `logout`: everything a person reads goes to stderr.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import {
  type AuthManager,
  createAuthManager,
  createCredentialStore,
  LoginError,
} from "@codex-ts/login";
import { decodeInput } from "../exec/prompt.ts";
import { openConfig } from "../engine.ts";
import { Failure } from "../failure.ts";
import type { ConfigFlags } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";

interface LoginInvocation {
  readonly config: ConfigFlags;
}

export async function runLogin(
  { config, withApiKey }: LoginInvocation & { readonly withApiKey: boolean },
  terminal: Terminal,
): Promise<number> {
  if (!withApiKey) {
    throw new Failure(
      [
        "this version logs in with an API key only:",
        "  printenv OPENAI_API_KEY | codex-ts login --with-api-key",
        "A ChatGPT login that the Codex CLI stored in the same folder is used until it expires.",
      ].join("\n"),
    );
  }
  if (terminal.stdinIsTerminal) {
    throw new Failure(
      "--with-api-key reads the key from standard input: printenv OPENAI_API_KEY | codex-ts login --with-api-key",
    );
  }
  await using auth = await openAuth(config, terminal);
  if (auth.forced === "chatgpt") {
    throw new Failure(
      'an API key login is switched off here: the configuration says forced_login_method = "chatgpt"',
    );
  }
  terminal.stderr("Reading API key from stdin...\n");
  const key = decodeInput(await terminal.readStdin()).trim();
  if (key === "") throw new Failure("No API key provided via stdin.");
  await explained(() => auth.manager.loginWithApiKey(key));
  terminal.stderr("Successfully logged in\n");
  return 0;
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

export async function runLogout({ config }: LoginInvocation, terminal: Terminal): Promise<number> {
  await using auth = await openAuth(config, terminal);
  const removed = await explained(() => auth.manager.logout());
  terminal.stderr(removed ? "Successfully logged out\n" : "Not logged in\n");
  return 0;
}

interface OpenAuth extends AsyncDisposable {
  readonly manager: AuthManager;
  readonly forced: "chatgpt" | "api" | undefined;
}

async function openAuth(flags: ConfigFlags, terminal: Terminal): Promise<OpenAuth> {
  const cwd: AbsolutePath = await workingFolder(undefined, terminal.cwd);
  const { config, env } = await openConfig(flags, terminal, cwd);
  const store = await explained(async () =>
    createCredentialStore(config.cliAuthCredentialsStore, { codexHome: config.codexHome }),
  );
  const manager = createAuthManager({ codexHome: config.codexHome, store, env });
  return {
    manager,
    forced: config.forcedLoginMethod,
    [Symbol.asyncDispose]: () => manager[Symbol.asyncDispose](),
  };
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LoginError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}
