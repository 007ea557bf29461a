// Which project folders a person trusts.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { canonical } from "./project-root.ts";
import { isTable, type TomlTable } from "./toml.ts";

/** What a person has decided on a project: whether its own configuration counts. */
export type TrustLevel = "trusted" | "untrusted";

/** The decision that stands under `[projects."<folder>"]`, if there is a valid one. */
function decisionFor(table: TomlTable, folder: string): TrustLevel | undefined {
  const projects = table["projects"];
  const entry = isTable(projects) ? projects[folder] : undefined;
  const level = isTable(entry) ? entry["trust_level"] : undefined;
  return level === "trusted" || level === "untrusted" ? level : undefined;
}

/**
 * The first decision found among `folders`, each looked up as given and with its symbolic links
 * resolved.
 */
export async function findTrust(
  table: TomlTable,
  folders: readonly (AbsolutePath | undefined)[],
): Promise<TrustLevel | undefined> {
  if (table["projects"] === undefined) return undefined;
  for (const folder of folders) {
    if (folder === undefined) continue;
    const level = decisionFor(table, folder) ?? decisionFor(table, await canonical(folder));
    if (level !== undefined) return level;
  }
  return undefined;
}

/** Why files of a project do not count, and how to change that. */
export function untrustedNotice(
  files: readonly AbsolutePath[],
  options: {
    readonly folder: AbsolutePath;
    readonly userFile: AbsolutePath;
    readonly trust: TrustLevel | undefined;
  },
): string {
  const { folder, userFile, trust } = options;
  const [are, their, them] = files.length === 1 ? ["is", "its", "it"] : ["are", "their", "them"];
  const why = trust === "untrusted" ? "is marked as untrusted" : "has not been marked as trusted";
  return `${files.join(", ")} ${are} ignored: ${their} project ${why}. To use ${them}, set trust_level = "trusted" under [projects.${JSON.stringify(folder)}] in ${userFile}.`;
}
