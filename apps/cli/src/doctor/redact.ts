// The last sieve of the doctor's report: no value of a variable that may be a credential passes it.

/** Shorter values stand in too many innocent places. */
const shortestSecret = 8;

/** Strikes out of texts what the environment holds under a name that speaks of a credential. */
export function secretSieve(
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const values = Object.entries(env)
    .flatMap(([name, value = ""]) =>
      /key|token|secret|passw|credential|auth/i.test(name) && value.length >= shortestSecret
        ? [value]
        : [],
    )
    .toSorted((one, other) => other.length - one.length);
  return (text) => values.reduce((left, value) => left.replaceAll(value, "<hidden>"), text);
}
