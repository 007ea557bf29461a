// The server that issues ChatGPT logins, and the requests to it.
import type { HeaderFields, HttpTransport } from "@codex-ts/http-client";

/** What requests to the authority are sent with; a transport of `@codex-ts/http-client` fits. */
export type AuthorityTransport = Pick<HttpTransport, "send">;

export const defaultIssuer = "https://auth.openai.com";

/** The client that released versions log in as; the authority knows no other for this flow. */
export const defaultClientId = "app_EMoamEEZ73f0CkXaXp7hrann";

/** Replaces the whole address that tokens are renewed at. */
const tokenUrlVariable = "CODEX_REFRESH_TOKEN_URL_OVERRIDE";

/** How long one request to the authority may take. */
const authorityTimeoutMs = 30_000;

/** Where tokens are renewed. */
export function refreshUrl(
  env: Readonly<Record<string, string | undefined>>,
  issuer: string,
): string {
  const override = env[tokenUrlVariable]?.trim() ?? "";
  return override === "" ? `${withoutSlash(issuer)}/oauth/token` : override;
}

export function withoutSlash(issuer: string): string {
  return issuer.replace(/\/+$/, "");
}

/** Ends with `signal`, or when the authority takes too long. */
export function authoritySignal(signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(authorityTimeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/** What a transport to the authority is opened with. */
export interface TransportSettings {
  /** Proxies and certificates. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly defaultHeaders: HeaderFields;
}

/** The settings of a transport of our own, for those who were given none; they can cross to another process. */
export async function authoritySettings(
  env: Readonly<Record<string, string | undefined>>,
  givenHeaders?: HeaderFields,
): Promise<TransportSettings> {
  const { resolveOriginator, transportVariables } = await import("@codex-ts/http-client");
  const originator = resolveOriginator({ env, fallback: "codex-ts" });
  return { env: transportVariables(env), defaultHeaders: givenHeaders ?? { originator } };
}

export async function openAuthorityTransport(settings: TransportSettings): Promise<HttpTransport> {
  const { createHttpTransport } = await import("@codex-ts/http-client");
  return createHttpTransport(settings);
}

export interface AuthorityFault {
  readonly code: string | null;
  /** For people; at most a few hundred characters. */
  readonly detail: string;
}

/**
 * What an answer without success says of its cause, without any of `secrets`, which a server may echo.
 * The detail is `error_description`, else `error.message`, else the code, else the text itself.
 */
export function readFault(body: string, secrets: readonly string[] = []): AuthorityFault {
  const fields = objectOf(parseJson(body)) ?? {};
  const nested = objectOf(fields["error"]);
  const code = textOf(nested?.["code"]) ?? textOf(fields["error"]) ?? textOf(fields["code"]);
  const detail =
    textOf(fields["error_description"]) ?? textOf(nested?.["message"]) ?? code ?? textOf(body);
  return { code, detail: presentable(detail ?? "no reason given", secrets) };
}

function presentable(text: string, secrets: readonly string[]): string {
  const safe = secrets
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
  const line = safe.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}

/** `undefined` for what is not JSON: the parser's own message quotes the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

/** The trimmed text; null for what is blank or no text. */
export function textOf(value: unknown): string | null {
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" ? null : text;
}
