// The environment that commands of the agent start from, before the user's policy for it.

/** `env` without CODEX_API_KEY: the key of this very run is none of a command's business. */
export function commandEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const { CODEX_API_KEY: _key, ...rest } = env;
  return rest;
}
