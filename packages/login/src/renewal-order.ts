// What goes to the process that renews a login, and what comes back. Both ends are ours, but a package
// that was updated while a program runs may have another version's at the other end.
import type { AuthDotJson } from "./auth-dot-json.ts";
import { type TransportSettings, objectOf, parseJson } from "./authority.ts";
import type { StoreAddress } from "./credential-store.ts";
import { type RefreshRefusal, TokenRefreshError } from "./errors.ts";
import type { RenewalOutcome, RenewalRequest } from "./renewal.ts";

/** Another number for every change of the shapes here. */
const version = 1;

export interface RenewalOrder {
  readonly version: typeof version;
  readonly store: StoreAddress;
  readonly transport: TransportSettings;
  readonly request: RenewalRequest;
  /** After this time the process gives up. */
  readonly deadlineMs: number;
}

type WireOutcome =
  | { readonly kind: "stored" }
  | ({
      readonly kind: "unsaved";
      readonly record: AuthDotJson;
      readonly replaces: string;
    } & WireError)
  | ({ readonly kind: "failed"; readonly isFinal: boolean } & WireError);

interface WireError {
  readonly message: string;
  readonly refusal: RefreshRefusal | null;
}

export function encodeOrder(order: Omit<RenewalOrder, "version">): string {
  return JSON.stringify({ version, ...order } satisfies RenewalOrder);
}

export function isRenewalOrder(value: unknown): value is RenewalOrder {
  return objectOf(value)?.["version"] === version;
}

export function encodeOutcome(outcome: RenewalOutcome): string {
  return JSON.stringify(toWire(outcome));
}

function toWire(outcome: RenewalOutcome): WireOutcome {
  if (outcome.kind === "stored") return outcome;
  const { error, ...rest } = outcome;
  return { ...rest, message: error.message, refusal: error.refusal };
}

/** Null for what is no outcome: the process has ended too early. */
export function decodeOutcome(text: string): RenewalOutcome | null {
  const outcome = objectOf(parseJson(text)) as WireOutcome | null;
  switch (outcome?.kind) {
    case "stored":
      return outcome;
    case "unsaved": {
      const { kind, record, replaces } = outcome;
      return { kind, record, replaces, error: errorOf(outcome) };
    }
    case "failed":
      return { kind: outcome.kind, error: errorOf(outcome), isFinal: outcome.isFinal };
    default:
      return null;
  }
}

function errorOf({ message, refusal }: WireError): TokenRefreshError {
  return new TokenRefreshError(refusal, message);
}
