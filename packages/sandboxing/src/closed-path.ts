// Where a path that must stay closed really is: behind links, or not there at all.
import { type AbsolutePath, join, relativize } from "@codex-ts/absolute-path";
import { folderOf, selfAndFolders, topOf } from "./ancestors.ts";
import { canonicalize, type HostFiles } from "./host-files.ts";

/** What has to be covered so that a path stays closed. */
export interface ClosedPlace {
  /** `missing`: the first component that does not exist, in a folder where it could be created. */
  readonly kind: "exists" | "missing";
  readonly path: AbsolutePath;
}

export interface LocateOptions {
  readonly files: HostFiles;
  readonly writableRoots: ReadonlySet<AbsolutePath>;
  /** Empty folders that other commands hold in place right now: they count as missing. */
  readonly isMountPoint?: ((path: AbsolutePath) => boolean) | undefined;
}

const maxLinks = 40;

type Step =
  | ClosedPlace
  | { readonly kind: "link"; readonly link: AbsolutePath; readonly target: AbsolutePath }
  | { readonly kind: "nothing" };

/** The prefixes of `path` below `root`, outermost first, `path` itself last. */
function componentsBelow(root: AbsolutePath, path: AbsolutePath): readonly AbsolutePath[] {
  const folders = selfAndFolders(path);
  return folders.slice(0, folders.indexOf(root)).toReversed();
}

function walk(path: AbsolutePath, options: LocateOptions): Step {
  const { files } = options;
  const top = topOf(path);
  let inRoot = options.writableRoots.has(top);
  for (const component of componentsBelow(top, path)) {
    inRoot ||= options.writableRoots.has(component);
    const kind = files.kind(component);
    const holder = folderOf(component);
    if (kind === "symlink" && holder !== null) {
      const rest = relativize(path, component);
      if (!inRoot) {
        const real = canonicalize(files, component);
        return real === component ? { kind: "nothing" } : walk(join(real, rest), options);
      }
      const text = files.readLink(component);
      if (text === null) return { kind: "nothing" };
      return { kind: "link", link: component, target: join(holder, text, rest) };
    }
    if (kind === null || (inRoot && options.isMountPoint?.(component) === true)) {
      const canAppear = inRoot && holder !== null && files.canWrite(holder);
      return canAppear ? { kind: "missing", path: component } : { kind: "nothing" };
    }
  }
  return { kind: "exists", path };
}

/**
 * Follows `path` to the place that has to be covered; null when there is nothing to cover. Links that
 * lie in writable roots are reported in `links`: they can be replaced, and no mount can hold them.
 */
export function locateClosedPath(
  path: AbsolutePath,
  options: LocateOptions,
): { readonly place: ClosedPlace | null; readonly links: readonly AbsolutePath[] } {
  const links: AbsolutePath[] = [];
  let current = path;
  while (links.length < maxLinks) {
    const step = walk(current, options);
    if (step.kind === "nothing") return { place: null, links };
    if (step.kind !== "link") return { place: step, links };
    links.push(step.link);
    current = step.target;
  }
  return { place: null, links };
}
