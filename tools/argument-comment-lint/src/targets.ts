// What a file is for, by its place and its name.

/** The kinds of files, in the order in which they are counted. */
export const targetKinds = ["lib", "tests", "examples", "benches", "bins"] as const;

export type TargetKind = (typeof targetKinds)[number];

/**
 * The kind of a source file.
 *
 * @param path from the package's folder on, with forward slashes.
 */
export function targetKind(path: string): TargetKind {
  if (/\.(test|spec)\.[cm]?tsx?$/.test(path)) return "tests";
  const folders = path.split("/").slice(0, -1);
  if (folders.some((name) => /^(tests?|__tests__)$/.test(name))) return "tests";
  switch (folders[0]) {
    case "examples":
      return "examples";
    case "bench":
    case "benches":
      return "benches";
    case "src":
    case "lib":
      return "lib";
    default:
      // Scripts, and configuration such as vitest.config.ts.
      return "bins";
  }
}
