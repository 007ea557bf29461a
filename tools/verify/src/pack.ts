// The tarballs that would be published, made once for all the checks that look at them.
import { join } from "node:path";
import type { Workspace, WorkspacePackage } from "@codex-ts/boundaries";
import { packageManager, runCommand } from "./run-command.ts";

export interface PackedPackage {
  readonly found: WorkspacePackage;
  readonly tarball: string;
  /** Specifiers that a consumer can import, without the files that are no code. */
  readonly entries: readonly string[];
}

function publicPackages(workspace: Workspace): WorkspacePackage[] {
  return workspace.packages.filter(
    ({ folder, manifest }) => /^(packages|apps|tools)\//.test(folder) && manifest.private !== true,
  );
}

function codeEntries({ manifest }: WorkspacePackage): string[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([key, target]) =>
    typeof target === "object" && !key.includes("*") ? [key] : [],
  );
}

/**
 * Packs every public package into `folder`.
 *
 * @throws when the package manager cannot pack one of them; the message holds its output.
 */
export async function packAll(
  workspace: Workspace,
  folder: string,
): Promise<readonly PackedPackage[]> {
  const publicOnes = publicPackages(workspace);
  if (publicOnes.length === 0) return [];
  const filters = publicOnes.map(({ name }) => `--filter=${name}`);
  const result = await runCommand(
    [...packageManager(process.env), "-r", ...filters, "pack", "--pack-destination", folder],
    { cwd: workspace.root },
  );
  if (!result.ok) throw new Error(`The packages could not be packed:\n${result.output}`);
  return publicOnes.map((found) => {
    const { name, manifest } = found;
    const file = `${name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
    return { found, tarball: join(folder, file), entries: codeEntries(found) };
  });
}
