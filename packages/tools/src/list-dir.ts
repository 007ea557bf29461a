// list_dir: what is in a folder, some levels deep, a page at a time.
import { isAbsolute } from "node:path";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { EnvironmentFiles, FolderEntry } from "@codex-ts/exec-server";
import type { PathAccess } from "@codex-ts/sandboxing";
import { abortedText } from "./aborted-text.ts";
import { functionSpec } from "./function-spec.ts";
import { openReadable } from "./readable-paths.ts";
import { turnAccess } from "./sandbox-context.ts";
import { type Tool, ToolError } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

const DEFAULT_LIMIT = 25;
const DEFAULT_DEPTH = 2;
const INDENT = 2;

interface Entry {
  /** Relative to the listed folder, with forward slashes. */
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly suffix: "/" | "@" | "?" | "";
}

/**
 * Makes `list_dir`: the entries of a folder that may be read, to a given depth, a slice at a time.
 */
export function createListDirTool(): Tool {
  return {
    name: "list_dir",
    spec: functionSpec({
      name: "list_dir",
      description:
        "Lists the entries of a folder, some levels deep. Folders end in /, symbolic links in @ (they are not followed), and what is neither a file nor a folder in ?.",
      properties: {
        dir_path: { type: "string", description: "The absolute path of the folder." },
        offset: { type: "number", description: "The first entry to show, counted from 1." },
        limit: { type: "number", description: "The most entries to show; 25 by default." },
        depth: { type: "number", description: "How many levels to go down; 2 by default." },
      },
      required: ["dir_path"],
    }),
    parallel: true,
    abortedText,
    accepts: (payload) => payload.kind === "function",
    async run(call, context, signal) {
      const args = ToolArguments.ofCall(call);
      const asked = args.string("dir_path");
      if (!isAbsolute(asked)) {
        throw new ToolError("respond", `dir_path must be an absolute path, not ${asked}`);
      }
      const folder = fromAbsolute(asked);
      const offset = positive(args, "offset", /*byDefault*/ 1);
      const limit = positive(args, "limit", DEFAULT_LIMIT);
      const lookUp = reader(turnAccess(context), context.environment.files);
      const entries = await listEntries(
        folder,
        positive(args, "depth", DEFAULT_DEPTH),
        lookUp,
        signal,
      );
      const header = `Absolute path: ${asked}`;
      if (entries.length === 0) return { body: header, success: true };
      if (offset > entries.length) {
        throw new ToolError(
          "respond",
          `offset ${offset} is past the last of ${entries.length} entries`,
        );
      }
      const shown = entries.slice(offset - 1, offset - 1 + limit);
      const isMore = offset - 1 + shown.length < entries.length;
      return {
        body: [
          header,
          ...shown.map(
            ({ depth, name, suffix }) => `${" ".repeat(depth * INDENT)}${name}${suffix}`,
          ),
          ...(isMore ? [`More than ${limit} entries found`] : []),
        ].join("\n"),
        success: true,
      };
    },
  };
}

function positive(args: ToolArguments, name: string, byDefault: number): number {
  const value = args.optionalCount(name) ?? byDefault;
  if (value === 0) throw new ToolError("respond", `${name} must be at least 1`);
  return value;
}

type LookUp = (folder: AbsolutePath) => Promise<readonly FolderEntry[]>;

function reader(access: PathAccess, files: EnvironmentFiles): LookUp {
  return async (path) => {
    await using folder = await openReadable(path, access, files);
    return await folder.list();
  };
}

/** Level by level, so that a folder that cannot be read further down hides nothing above it. */
async function listEntries(
  folder: AbsolutePath,
  depth: number,
  lookUp: LookUp,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  let level: readonly string[] = [""];
  for (let at = 0; at < depth && level.length > 0; at += 1) {
    const next: string[] = [];
    for (const parent of level) {
      signal.throwIfAborted();
      const listed = lookUp(join(folder, parent));
      for (const entry of await (parent === "" ? orToolError(listed) : listed.catch(() => []))) {
        const path = parent === "" ? entry.name : `${parent}/${entry.name}`;
        const suffix = suffixes[entry.kind];
        found.push({ path, name: entry.name, depth: at, suffix });
        if (suffix === "/") next.push(path);
      }
    }
    level = next;
  }
  // What is in a folder follows it at once, whatever characters its neighbours' names have.
  const key = ({ path }: Entry): string => path.replaceAll("/", "\0");
  return found.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}

async function orToolError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ToolError("respond", `failed to read directory: ${why}`, { cause: error });
  }
}

const suffixes: Readonly<Record<FolderEntry["kind"], Entry["suffix"]>> = {
  directory: "/",
  link: "@",
  other: "?",
  file: "",
};
