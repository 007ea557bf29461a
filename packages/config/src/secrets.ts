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

/** Whether a line of a config file may show a credential. */
export function lineMayShowSecret(line: string): boolean {
  return secretLine.test(withoutHarmless(line));
}
