// What the platform's connection errors mean.
import { certificateVariables } from "./certificates.ts";
import { HttpError } from "./errors.ts";

/** The codes with which TLS says that it does not know who signed a certificate. */
const UNKNOWN_ISSUER = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const UNUSABLE_CERTIFICATE = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_UNTRUSTED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Whether more roots could have made the connection. */
export function isUnknownIssuer(error: unknown): boolean {
  return UNKNOWN_ISSUER.has(codeOf(error));
}

/** With several addresses to try, the platform gives one error per address and no text. */
function textOf(cause: Error): string {
  const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [];
  const first = errors.find((error) => error instanceof Error);
  return cause.message === "" && first !== undefined ? first.message : cause.message;
}

/** `cause` as one of our errors; `what` says what did not work. */
export function connectionError(cause: Error, what: string): HttpError {
  if (cause instanceof HttpError) return cause;
  const text = `${what}: ${textOf(cause)}`;
  if (isUnknownIssuer(cause)) {
    const way = `if your network inspects TLS, name its certificate bundle in ${certificateVariables[0]}`;
    return new HttpError("certificates", `${text}; ${way}`, { cause });
  }
  const code = UNUSABLE_CERTIFICATE.has(codeOf(cause)) ? "certificates" : "network";
  return new HttpError(code, text, { cause });
}
