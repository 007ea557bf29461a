// Tokens that something outside of this package makes: a host application, a vault, a command.
import type { AuthDotJson } from "./auth-dot-json.ts";
import { TokenRefreshError } from "./errors.ts";
import { parseIdToken } from "./jwt.ts";

/** One token, and for a ChatGPT login whose it is. */
export interface ExternalTokens {
  /** Sent as the bearer. For a ChatGPT login a JWT. */
  readonly accessToken: string;
  /** Demanded of a source of the kind `chatgpt`. */
  readonly chatgpt?: ExternalAccount | undefined;
}

/** The ChatGPT account, or workspace, that a token is for. */
export interface ExternalAccount {
  readonly accountId: string;
  /** As the host names it: any case; what the token says counts when it is missing. */
  readonly planType?: string | undefined;
}

/** Why another token is needed. */
export interface ExternalRefresh {
  /** A server has refused the last token with status 401. */
  readonly reason: "unauthorized";
  /** The account of the token that was refused, for a ChatGPT login. */
  readonly previousAccountId: string | null;
}

/**
 * A source of bearer tokens. Both methods may be called in parallel, must end when the signal does, and
 * may throw: the request that needs the token then fails with that error.
 */
export interface ExternalBearer {
  /**
   * `api_key`: the token is sent as it is, in place of the stored login. `chatgpt`: the tokens are a
   * ChatGPT login that lives in the memory of this process alone.
   */
  readonly kind: "api_key" | "chatgpt";
  /** The token for the next request; null where there is none, and the stored login counts. */
  resolve(signal?: AbortSignal): Promise<ExternalTokens | null>;
  /** Another token, because the last one was refused. */
  refresh(refresh: ExternalRefresh, signal?: AbortSignal): Promise<ExternalTokens>;
}

/**
 * The record of a ChatGPT login that a host application has set.
 *
 * @throws TokenRefreshError `refresh_failed`: the host may do better the next time.
 */
export function hostRecord(
  { accessToken, chatgpt }: ExternalTokens,
  options: { readonly forcedWorkspaceId: string | undefined; readonly now: Date },
): AuthDotJson {
  if (chatgpt === undefined) throw failed("it does not say which account they are for");
  const { accountId, planType } = chatgpt;
  const { forcedWorkspaceId, now } = options;
  if (forcedWorkspaceId !== undefined && forcedWorkspaceId !== accountId) {
    throw failed(
      `they are for the workspace ${accountId}, and only ${forcedWorkspaceId} is allowed here`,
    );
  }
  try {
    parseIdToken(accessToken);
  } catch (cause) {
    throw failed("the access token is not a JWT", cause);
  }
  return {
    auth_mode: "chatgptAuthTokens",
    OPENAI_API_KEY: null,
    tokens: {
      // The host has no id token; the claims of the access token stand in for it.
      id_token: accessToken,
      access_token: accessToken,
      refresh_token: "",
      account_id: accountId,
      ...(planType === undefined ? {} : { [hostPlanKey]: planType }),
    },
    last_refresh: now.toISOString(),
  };
}

/** Where the record of a host login keeps the plan that the host has named; never written to a file. */
export const hostPlanKey = "host_plan_type";

function failed(why: string, cause?: unknown): TokenRefreshError {
  return new TokenRefreshError(
    /*refusal*/ null,
    `the tokens of the host application cannot be used: ${why}`,
    cause === undefined ? undefined : { cause },
  );
}
