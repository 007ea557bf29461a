import type { AuthDotJson } from "./auth-dot-json.ts";
import { accountOf, accountPlanOf, authOfRecord, expirationOf } from "./codex-auth.ts";
import type { LoginStatus } from "./contract.ts";
import { maskSecret } from "./secret.ts";

/** What a stored record comes to, without its secrets. @throws LoginError `invalid_record` */
export function statusOf(record: AuthDotJson | null, where: string): LoginStatus {
  const auth = record === null ? null : authOfRecord(record, where);
  if (auth === null) return { kind: "logged_out" };
  if (auth.kind === "api_key") {
    return { kind: "api_key", maskedKey: maskSecret(auth.apiKey.reveal()) };
  }
  return {
    kind: "chatgpt",
    email: auth.idToken.email,
    plan: accountPlanOf(auth),
    accountId: accountOf(auth),
    expiresAt: expirationOf(auth),
  };
}
