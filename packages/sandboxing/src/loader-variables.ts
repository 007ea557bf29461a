// Variables that steer the loader of whatever program they are given to, bubblewrap included.

const namedVariables: ReadonlySet<string> = new Set(["GLIBC_TUNABLES", "GCONV_PATH", "LOCPATH"]);

type Variables = Readonly<Record<string, string>>;

/**
 * Takes the loader's variables out of `env`. With `LD_LIBRARY_PATH=build/lib` a command could leave a
 * library behind that the next sandbox would load before it confines anything.
 */
export function withoutLoaderVariables(env: Variables): {
  readonly env: Variables;
  readonly loaderVariables: Variables;
} {
  const isLoaders = (name: string): boolean => name.startsWith("LD_") || namedVariables.has(name);
  const entries = Object.entries(env);
  if (!entries.some(([name]) => isLoaders(name))) return { env, loaderVariables: {} };
  return {
    env: Object.fromEntries(entries.filter(([name]) => !isLoaders(name))),
    loaderVariables: Object.fromEntries(entries.filter(([name]) => isLoaders(name))),
  };
}
