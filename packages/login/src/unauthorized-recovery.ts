// What is tried, step by step, after a server has refused the login with status 401.
import type { GuardedReload } from "./contract.ts";
import { type CodexAuth, apiAuthModeOf } from "./codex-auth.ts";
import { TokenRefreshError, otherAccountError } from "./errors.ts";

/**
 * `reload`: look for newer tokens in the store. `refresh_token`: ask the authority for new ones.
 * `external_refresh`: ask the external source for another token.
 */
export type RecoveryStep = "reload" | "refresh_token" | "external_refresh" | "done";

/** Whether a step is left, and if not, why. */
export type RecoveryReadiness =
  | "ready"
  | "not_chatgpt_auth"
  /** A host application renews these tokens, and it is not here. */
  | "no_external_auth"
  | "recovery_exhausted";

/** The way back after a 401. Each `next()` answers one refused request; not for parallel use. */
export interface UnauthorizedRecovery {
  /** What the next call does. */
  readonly step: RecoveryStep;
  /** Whether there is a step left for this kind of login. */
  readonly readiness: RecoveryReadiness;
  /**
   * Takes one step and resolves to whether it has changed the login. After a transient failure the step
   * stays, and the next call takes it again.
   *
   * @throws TokenRefreshError also when no step is left; `signal.reason` when aborted.
   */
  next(signal?: AbortSignal): Promise<boolean>;
}

export interface RecoveryActions {
  /** The login that was refused. */
  readonly auth: CodexAuth | null;
  /** The kind of external source that is set. */
  readonly externalKind: "api_key" | "chatgpt" | null;
  guardedReload(signal?: AbortSignal): Promise<GuardedReload>;
  refreshToken(signal?: AbortSignal): Promise<void>;
  externalRefresh(signal?: AbortSignal): Promise<void>;
}

export function createUnauthorizedRecovery(actions: RecoveryActions): UnauthorizedRecovery {
  const { auth, externalKind } = actions;
  const isHostLogin = auth !== null && apiAuthModeOf(auth) === "chatgptAuthTokens";
  let step: RecoveryStep =
    externalKind === "api_key" || isHostLogin ? "external_refresh" : "reload";

  function readiness(): RecoveryReadiness {
    if (externalKind !== "api_key") {
      if (auth === null || auth.kind !== "chatgpt") return "not_chatgpt_auth";
      if (isHostLogin && externalKind === null) return "no_external_auth";
    }
    return step === "done" ? "recovery_exhausted" : "ready";
  }

  return {
    get step() {
      return step;
    },
    get readiness() {
      return readiness();
    },

    async next(signal) {
      signal?.throwIfAborted();
      if (readiness() !== "ready") throw nothingLeft();
      if (step === "reload") {
        const outcome = await actions.guardedReload(signal);
        step = outcome === "skipped" ? "done" : "refresh_token";
        if (outcome === "skipped") throw otherAccountError();
        return outcome === "changed";
      }
      if (step === "external_refresh") await actions.externalRefresh(signal);
      else await actions.refreshToken(signal);
      step = "done";
      return true;
    },
  };
}

function nothingLeft(): TokenRefreshError {
  return new TokenRefreshError(
    "other",
    "the server refuses the login, and there is nothing left to try; log out and log in again",
  );
}
