// Absolute, lexically normalised paths as a branded string. Nothing here touches the disk.
import nodePath from "node:path";

declare const brand: unique symbol;

/**
 * An absolute path with `.` and `..` already removed. It is a plain string at run time, so it can be
 * handed to any API that takes a path; it need not exist and symbolic links are not resolved.
 */
export type AbsolutePath = string & { readonly [brand]: "AbsolutePath" };

/** Why a text was refused; only {@link parseAbsolutePath} refuses relative and empty ones. */
export type AbsolutePathErrorCode =
  /** A relative path, and no folder to resolve it against. */
  | "relative_without_base"
  /** An empty text is no path. */
  | "empty_path"
  /** A path cannot hold a NUL byte. */
  | "nul_byte";

/** Thrown when a text cannot become an {@link AbsolutePath}. */
export class AbsolutePathError extends Error {
  override readonly name = "AbsolutePathError";
  readonly code: AbsolutePathErrorCode;
  /** The text that was refused. */
  readonly path: string;

  constructor(code: AbsolutePathErrorCode, path: string, message: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** What a leading `~` means, for the functions that expand it. */
export interface HomeOptions {
  /** The home folder that a leading `~` stands for. Without it `~` is left alone. */
  readonly home?: string | undefined;
}

/** An empty name, `.` or `..` in a path with slashes, or a slash at its end. */
const unnormalized = /\/\.{0,2}(?:\/|$)/;

function isNormalized(path: string): boolean {
  return nodePath.sep === "/" && path.startsWith("/") && !unnormalized.test(path);
}

/** `nodePath.resolve`, and quick where nothing is to be removed: policies have many such paths. */
function normalize(base: string, ...segments: readonly string[]): AbsolutePath {
  const last = segments.at(-1) ?? base;
  if (isNormalized(last)) return last as AbsolutePath;
  if (segments.length === 1) {
    const joined = `${base}/${last}`;
    if (isNormalized(joined)) return joined as AbsolutePath;
  }
  return nodePath.resolve(base, ...segments) as AbsolutePath;
}

function checkText(path: string): void {
  if (path.includes("\0")) {
    throw new AbsolutePathError("nul_byte", path, "a path cannot contain a NUL byte");
  }
}

/**
 * Replaces a leading `~` or `~/` (on Windows also `~\`) by `home`. Extra slashes after `~/` are
 * dropped; `~user` is left alone, and so is everything when no home is known.
 */
export function expandHome(path: string, options: HomeOptions = {}): string {
  const { home } = options;
  if (home === undefined || home === "") return path;
  if (path === "~") return home;
  const separators = nodePath.sep === "\\" ? /^~[/\\]+/ : /^~\/+/;
  const match = separators.exec(path);
  if (match === null) return path;
  return nodePath.join(home, path.slice(match[0].length));
}

/** Whether `path` is absolute and already in the normalised form of an {@link AbsolutePath}. */
export function isAbsolutePath(path: string): path is AbsolutePath {
  if (path.includes("\0")) return false;
  return isNormalized(path) || (nodePath.isAbsolute(path) && nodePath.resolve(path) === path);
}

/**
 * Parses a path from a file or a flag: home is expanded, then a relative path is joined to `base`.
 *
 * @throws AbsolutePathError `empty_path`; `nul_byte`; `relative_without_base` for a relative path
 * when `base` is not given.
 */
export function parseAbsolutePath(
  path: string,
  options: HomeOptions & { readonly base?: AbsolutePath | undefined } = {},
): AbsolutePath {
  checkText(path);
  if (path === "") throw new AbsolutePathError("empty_path", path, "a path cannot be empty");
  const expanded = expandHome(path, options);
  if (nodePath.isAbsolute(expanded)) return normalize(expanded);
  if (options.base === undefined) {
    throw new AbsolutePathError(
      "relative_without_base",
      path,
      `the path ${JSON.stringify(path)} is relative, and there is no base folder to resolve it against; use an absolute path`,
    );
  }
  return normalize(nodePath.join(options.base, expanded));
}

/**
 * Resolves `path` against `base`: home expansion, then join when relative, then normalisation. An
 * empty `path` is `base` itself.
 *
 * @throws AbsolutePathError `nul_byte`.
 */
export function resolve(path: string, base: AbsolutePath, options: HomeOptions = {}): AbsolutePath {
  checkText(path);
  return normalize(base, expandHome(path, options));
}

/**
 * Takes a path that is meant to be absolute; a relative one is resolved against `cwd`, by default the
 * process's current folder at the time of the call.
 *
 * @throws AbsolutePathError `nul_byte`.
 */
export function fromAbsolute(
  path: string,
  options: HomeOptions & { readonly cwd?: string } = {},
): AbsolutePath {
  checkText(path);
  return normalize(options.cwd ?? process.cwd(), expandHome(path, options));
}

/**
 * Joins segments to `base` one after another; an absolute segment replaces what stands before it.
 *
 * @throws AbsolutePathError `nul_byte`.
 */
export function join(base: AbsolutePath, ...segments: readonly string[]): AbsolutePath {
  for (const segment of segments) checkText(segment);
  return normalize(base, ...segments);
}

/** The folder that holds `path`, or null at the root. */
export function parent(path: AbsolutePath): AbsolutePath | null {
  const up = nodePath.dirname(path);
  return up === path ? null : (up as AbsolutePath);
}

/** The last component of `path`; empty at the root. */
export function basename(path: AbsolutePath): string {
  return nodePath.basename(path);
}

/** `path` seen from `from`: `.` when equal, with `..` where it lies outside. */
export function relativize(path: AbsolutePath, from: AbsolutePath): string {
  const relative = nodePath.relative(from, path);
  return relative === "" ? "." : relative;
}

/**
 * Whether `path` is `root` or lies below it, compared component by component (`/a/bc` is not inside
 * `/a/b`).
 */
export function isInside(path: AbsolutePath, root: AbsolutePath): boolean {
  if (!path.startsWith(root)) return false;
  return (
    path.length === root.length ||
    path.charAt(root.length) === nodePath.sep ||
    root.endsWith(nodePath.sep)
  );
}
