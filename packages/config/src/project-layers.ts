// The layers that the project of the current folder adds.
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { ConfigError } from "./errors.ts";
import { type ConfigLayer, type LayerReading, readProjectLayer } from "./layers.ts";
import type { Origins } from "./origins.ts";
import {
  canonical,
  findProjectRoot,
  findTrustRoot,
  foldersBetween,
  isFolder,
  statOf,
} from "./project-root.ts";
import type { TomlTable } from "./toml.ts";
import { findTrust, untrustedNotice } from "./trust.ts";

/** What marks the project root. @throws ConfigError when it is not a list of names. */
export function rootMarkers(table: TomlTable, origins: Origins): readonly string[] {
  const key = "project_root_markers";
  const markers = table[key];
  if (markers === undefined) return [".git"];
  if (Array.isArray(markers) && markers.every((marker) => typeof marker === "string")) {
    return markers;
  }
  throw new ConfigError("invalid_value", `\`${key}\` must be an array, each element a string`, {
    key,
    place: origins.nearest([key]),
  });
}

export interface Project {
  readonly layers: readonly ConfigLayer[];
  /** The main work tree's root, when `cwd` lies in a repository. */
  readonly trustRoot: AbsolutePath | undefined;
  /** What to tell a person of all that is ignored, in one go. */
  readonly notice: string | undefined;
}

/** What in a `.codex` folder sets, runs or allows something. */
const namesThatNeedTrust = ["config.toml", "hooks.json", "rules"];

async function thatNeedTrust({ name }: ConfigLayer): Promise<readonly AbsolutePath[]> {
  if (name.type !== "project") return [];
  const found = await Promise.all(
    namesThatNeedTrust.map(async (each) => {
      const path = join(name.dotCodexFolder, each);
      return (await statOf(path)) === undefined ? [] : [path];
    }),
  );
  return found.flat();
}

/**
 * Reads the `.codex` folders from the project's root down to `cwd`.
 *
 * @param table What stands outside the project; only that can trust it.
 */
export async function readProject(
  table: TomlTable,
  options: LayerReading & {
    readonly cwd: AbsolutePath;
    readonly codexHome: AbsolutePath;
    /** Named as the place to trust the project in. */
    readonly userFile: AbsolutePath;
    readonly markers: readonly string[];
  },
): Promise<Project> {
  const { cwd, codexHome, userFile, markers } = options;
  const [root, trustRoot, realHome] = await Promise.all([
    findProjectRoot(cwd, markers),
    findTrustRoot(cwd),
    canonical(codexHome),
  ]);
  const readOne = async (folder: AbsolutePath): Promise<ConfigLayer | undefined> => {
    const dotCodex = join(folder, ".codex");
    if (!(await isFolder(dotCodex))) return undefined;
    if (dotCodex === codexHome || (await canonical(dotCodex)) === realHome) return undefined;
    const trust = await findTrust(table, [folder, root, trustRoot]);
    const notice = (file: AbsolutePath): string =>
      untrustedNotice([file], { folder: trustRoot ?? root, userFile, trust });
    return readProjectLayer(dotCodex, trust, notice, options);
  };
  const found = await Promise.all(foldersBetween(root, cwd).map(readOne));
  const layers = found.filter((layer) => layer !== undefined);
  const untrusted = layers.filter(({ trust }) => trust !== "trusted");
  const ignored = (await Promise.all(untrusted.map(thatNeedTrust))).flat();
  const trust = untrusted[0]?.trust;
  const notice =
    ignored.length === 0
      ? undefined
      : untrustedNotice(ignored, { folder: trustRoot ?? root, userFile, trust });
  return { layers, trustRoot, notice };
}
