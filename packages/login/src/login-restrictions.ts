// What a configuration allows a person to be logged in as.
import { type CodexAuth } from "./codex-auth.ts";
import type { AuthManager } from "./contract.ts";
import { LoginError } from "./errors.ts";

/** Which logins an administrator allows; the names are those of the config keys. */
export interface LoginRestrictions {
  /** `forced_login_method` */
  readonly method?: "chatgpt" | "api" | undefined;
  /** `forced_chatgpt_workspace_id`; it does not concern API keys. */
  readonly workspaceId?: string | undefined;
}

/**
 * Checks the login in use. One that is stored and not allowed is removed, without telling the authority;
 * one of the environment or of a host application is left where it is.
 *
 * @throws LoginError `login_denied` when it is not allowed; as {@link AuthManager.peek}.
 */
export async function enforceLoginRestrictions(
  manager: AuthManager,
  { method, workspaceId }: LoginRestrictions,
): Promise<void> {
  if (method === undefined && workspaceId === undefined) return;
  const auth = await manager.peek();
  if (auth === null) return;
  const fault = restrictionFault(auth, { method, workspaceId });
  if (fault === null) return;
  throw new LoginError("login_denied", `${fault}; ${await wayOut(manager, auth)}`);
}

/** Why `auth` is not allowed, for people and without a way out; null when it is. Changes nothing. */
export function restrictionFault(
  auth: CodexAuth,
  { method, workspaceId }: LoginRestrictions,
): string | null {
  return methodFault(auth, method) ?? workspaceFault(auth, workspaceId);
}

function methodFault(auth: CodexAuth, method: LoginRestrictions["method"]): string | null {
  if (method === undefined || (method === "api") === (auth.kind === "api_key")) return null;
  return method === "api"
    ? "an API key is required here (forced_login_method), and the login in use is one with ChatGPT"
    : "a login with ChatGPT is required here (forced_login_method), and an API key is in use";
}

function workspaceFault(auth: CodexAuth, required: string | undefined): string | null {
  if (required === undefined || auth.kind === "api_key") return null;
  const { accountId } = auth.idToken;
  if (accountId === required) return null;
  const found =
    accountId === null ? "the login in use names none" : `the one in use is ${accountId}`;
  return `the workspace ${required} is required here (forced_chatgpt_workspace_id), and ${found}`;
}

async function wayOut(manager: AuthManager, auth: CodexAuth): Promise<string> {
  if (auth.kind === "api_key" && auth.source === "environment") {
    return "unset CODEX_API_KEY";
  }
  if (auth.kind === "api_key" && auth.source === "external") return "change its source";
  if (auth.kind === "chatgpt" && auth.external) return "log in anew in the program that has set it";
  try {
    await manager.logout({ revoke: false });
    return "it has been logged out: log in again with `codex-ts login`";
  } catch (error) {
    return `it could not be logged out: ${error instanceof Error ? error.message : String(error)}`;
  }
}
