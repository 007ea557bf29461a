// The login that a manager holds, and where it came from.
import type { AuthDotJson } from "./auth-dot-json.ts";
import { type CodexAuth, authOfRecord, fingerprintOf } from "./codex-auth.ts";
import type { CredentialStore } from "./credential-store.ts";
import { Secret, cleanToken } from "./secret.ts";

export interface Snapshot {
  readonly auth: CodexAuth | null;
  /** What was stored; null for what was not, and for no login. */
  readonly record: AuthDotJson | null;
  readonly fingerprint: string;
  /**
   * The state of the store that this is from: a mark, `null` for one that is not known, and `"fixed"`
   * for what does not come from the store.
   */
  readonly origin: { readonly mark: string | null } | "fixed";
}

/** The login of an API key in the environment. @throws LoginError `invalid_token` */
export function environmentSnapshot(key: string): Snapshot {
  const apiKey = new Secret(cleanToken(key, "the variable CODEX_API_KEY"));
  return {
    auth: { kind: "api_key", source: "environment", apiKey },
    record: null,
    fingerprint: "environment",
    origin: "fixed",
  };
}

/** The login that a host application has set. */
export function hostSnapshot(record: AuthDotJson): Snapshot {
  return { ...recordSnapshot(record, "the host application", /*mark*/ null), origin: "fixed" };
}

/** @throws LoginError `invalid_record` */
export function recordSnapshot(record: AuthDotJson, where: string, mark: string | null): Snapshot {
  return {
    auth: authOfRecord(record, where),
    record,
    fingerprint: fingerprintOf(record),
    origin: { mark },
  };
}

/** @throws LoginError `invalid_record`, `file_access` or `keyring_access` */
export async function storedSnapshot(store: CredentialStore): Promise<Snapshot> {
  // Before the load: a change in between is then seen as one by the next look.
  const mark = await store.mark().catch(() => null);
  const record = await store.load();
  if (record === null) return { auth: null, record, fingerprint: "", origin: { mark } };
  return recordSnapshot(record, store.label, mark);
}
