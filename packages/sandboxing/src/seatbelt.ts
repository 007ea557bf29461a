// The command line of macOS's sandbox-exec for a policy.
import nodePath from "node:path";
import { type AbsolutePath, isInside, join } from "@codex-ts/absolute-path";
import {
  hasFullDiskRead,
  hasFullDiskWrite,
  includesPlatformDefaults,
  type PathContext,
} from "./access.ts";
import type { BwrapPolicy } from "./bwrap-args.ts";
import { denyPatterns, patternSource } from "./deny-patterns.ts";
import { canonicalize, nodeHostFiles } from "./host-files.ts";
import { readableRoots, unreadableRoots, writableRoots } from "./roots.ts";
import { seatbeltBase, seatbeltNetwork, seatbeltSystemReads } from "./seatbelt-base.ts";

/** Always this one: a workspace must not supply the sandbox that confines it. */
export const sandboxExec = "/usr/bin/sandbox-exec";

interface Root {
  readonly path: AbsolutePath;
  readonly except: readonly AbsolutePath[];
}

interface Section {
  readonly text: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const none: Section = { text: "", parameters: [] };

/** `"` ends a string of the profile; the rest of a pattern is as a regular expression has it. */
function patternRule(pattern: string): string {
  const source = patternSource(pattern).replaceAll("(?:", "(").replaceAll('"', '\\"');
  return `(require-not (regex #"^${source}(/.*)?$"))`;
}

/** Opens `roots` for `action`, each without what is excepted: as a place, and with all that is in it. */
function fileSection(
  action: "file-read*" | "file-write*",
  prefix: string,
  roots: readonly Root[],
  context: PathContext,
  patterns: readonly string[],
): Section {
  if (roots.length === 0) return none;
  const files = context.files ?? nodeHostFiles;
  const parameters: (readonly [string, string])[] = [];
  const define = (name: string, path: AbsolutePath): string => {
    parameters.push([name, canonicalize(files, path)]);
    return `(param "${name}")`;
  };
  const rules = roots.map(({ path, except }, index) => {
    const whole = `(subpath ${define(`${prefix}_${index}`, path)})`;
    // The place itself too: what does not exist must not be made.
    const exceptions = except.flatMap((excluded, at) => {
      const place = define(`${prefix}_${index}_EXCLUDED_${at}`, excluded);
      return [`(require-not (literal ${place}))`, `(require-not (subpath ${place}))`];
    });
    const all = [whole, ...exceptions, ...patterns.map(patternRule)];
    return all.length === 1 ? whole : `(require-all ${all.join(" ")})`;
  });
  return { text: `(allow ${action} ${rules.join(" ")})`, parameters };
}

function sections(policy: BwrapPolicy, context: PathContext): readonly Section[] {
  const { fileSystem } = policy;
  const top = nodePath.parse(context.cwd).root as AbsolutePath;
  const denied = unreadableRoots(fileSystem, context);
  const patterns = denyPatterns(fileSystem, context).map(({ pattern }) => pattern);
  const isFree = denied.length === 0 && patterns.length === 0;
  const below = (root: AbsolutePath): readonly AbsolutePath[] =>
    denied.filter((path) => path !== root && isInside(path, root));

  const readable = readableRoots(fileSystem, context);
  const read: Section =
    hasFullDiskRead(fileSystem) && isFree
      ? { text: "; allow read-only file operations\n(allow file-read*)", parameters: [] }
      : fileSection(
          "file-read*",
          "READABLE_ROOT",
          readable.map((path) => ({ path, except: below(path) })),
          context,
          patterns,
        );
  const writable: readonly Root[] = writableRoots(fileSystem, context).map((root) => ({
    path: root.root,
    except: root.readOnlySubpaths,
  }));
  const write: Section =
    hasFullDiskWrite(fileSystem) && isFree
      ? { text: '(allow file-write* (regex #"^/"))', parameters: [] }
      : fileSection(
          "file-write*",
          "WRITABLE_ROOT",
          hasFullDiskWrite(fileSystem) ? [{ path: top, except: denied }] : writable,
          context,
          patterns,
        );
  const network = policy.network === "enabled" ? seatbeltNetwork : "";
  return [
    { text: seatbeltBase, parameters: [] },
    read,
    write,
    { text: network, parameters: [] },
    { text: includesPlatformDefaults(fileSystem) ? seatbeltSystemReads : "", parameters: [] },
  ];
}

/** Builds everything that stands before the command, `--` included. */
export function buildSeatbeltArgs(
  policy: BwrapPolicy,
  context: PathContext,
): readonly [string, ...string[]] {
  const parts = sections(policy, context).filter(({ text }) => text !== "");
  return [
    sandboxExec,
    "-p",
    parts.map(({ text }) => text).join("\n"),
    ...parts.flatMap(({ parameters }) => parameters).map(([name, value]) => `-D${name}=${value}`),
    "--",
  ];
}

/** A policy for trying whether sandbox-exec works at all. */
export function seatbeltProbeArgs(context: PathContext): readonly [string, ...string[]] {
  const read = { path: { type: "special", value: { kind: "root" } }, access: "read" } as const;
  const args = buildSeatbeltArgs(
    { fileSystem: { kind: "restricted", entries: [read] }, network: "restricted" },
    context,
  );
  return [...args, join(context.cwd, "/usr/bin/true")] as [string, ...string[]];
}
