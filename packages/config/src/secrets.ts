// What messages must not show: values that may be credentials, and lines that may hold one.
import type { TomlPath } from "./toml-positions.ts";

const secretTables: ReadonlySet<string> = new Set([
  "http_headers",
  "headers",
  "env",
  "set",
  "query_params",
]);

const secretName = /token|secret|passw|api[-_]?key|authorization|credential|bearer/i;
const secretLine =
  /token|secret|passw|api[-_]?key|authorization|credential|bearer|headers|\benv\b|\bsk-/i;

/** Names that look secret and are settings. */
const harmlessNames =
  /\b(?:env_key|env_key_instructions|bearer_token_env_var|env_http_headers|\w*token_limit|\w+_credentials_store)\b/g;

const withoutHarmless = (text: string): string => text.replaceAll(harmlessNames, "");

/** Whether the value at `path` may be a credential, or a table that holds one. */
export function mayBeSecret(path: TomlPath): boolean {
  return path.some(
    (segment) =>
      typeof segment === "string" &&
      (secretTables.has(segment) || secretName.test(withoutHarmless(segment))),
  );
}

/** Texts that are credentials wherever they stand: keys of well-known services, and web tokens. */
const secretText =
  /\b(?:sk-|ghp_|gho_|github_pat_|glpat-|xox[abp]-|AKIA|eyJ)[\w-]{6,}|:\/\/[^/\s:@]*:[^/\s@]+@|[?&][\w-]*(?:token|key|secret|sig)=|^--?[\w-]*(?:token|secret|passw|api[-_]?key)[\w-]*=/i;

/** Whether an element of an argument list says that the next one is a credential. */
export function asksForSecret(element: unknown): boolean {
  return (
    typeof element === "string" &&
    /^--?[\w-]*(?:token|secret|passw|api[-_]?key)[\w-]*$/i.test(element)
  );
}

/** Whether a text is or holds a credential by its looks, for places where none is expected. */
export function looksLikeSecret(text: string): boolean {
  return secretText.test(text);
}

/** Whether a line of a config file may show a credential. */
export function lineMayShowSecret(line: string): boolean {
  return secretLine.test(withoutHarmless(line));
}
