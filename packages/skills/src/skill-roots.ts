import { type AbsolutePath, isInside, join, parent } from "@codex-ts/absolute-path";
import type { SkillRoot } from "./skill.ts";

/** The folders of which some may hold skills. Those that are missing give no roots. */
export interface SkillRootOptions {
  /** The `.codex` folders of the project's layers, highest precedence first; switched off ones too. */
  readonly projectLayers?: readonly AbsolutePath[] | undefined;
  readonly codexHome?: AbsolutePath | undefined;
  /** The person's home folder. */
  readonly home?: AbsolutePath | undefined;
  /** The folder of the machine's configuration, such as `/etc/codex`. */
  readonly systemFolder?: AbsolutePath | undefined;
  /** Whether the skills that come with the product are offered; true by default. */
  readonly bundled?: boolean | undefined;
  /** Plugins that are on; `root` is the folder of their skills. */
  readonly plugins?: readonly { readonly name: string; readonly root: AbsolutePath }[] | undefined;
  /** The session's folder. */
  readonly cwd?: AbsolutePath | undefined;
  /** The project's root above `cwd`; without one, only `cwd` itself is looked at. */
  readonly projectRoot?: AbsolutePath | null | undefined;
}

/**
 * The folders that skills are looked for in, first ones winning; each path once. Nothing is read:
 * folders that do not exist are passed over by {@link loadSkills}.
 */
export function skillRoots(options: SkillRootOptions): readonly SkillRoot[] {
  const { codexHome, home, systemFolder, cwd } = options;
  const roots: SkillRoot[] = [];
  for (const layer of options.projectLayers ?? []) {
    roots.push({ path: join(layer, "skills"), scope: "repo" });
  }
  if (codexHome !== undefined) roots.push({ path: join(codexHome, "skills"), scope: "user" });
  if (home !== undefined) roots.push({ path: join(home, ".agents/skills"), scope: "user" });
  if (codexHome !== undefined && (options.bundled ?? true)) {
    roots.push({ path: join(codexHome, "skills/.system"), scope: "system" });
  }
  if (systemFolder !== undefined)
    roots.push({ path: join(systemFolder, "skills"), scope: "admin" });
  for (const { name, root } of options.plugins ?? []) {
    roots.push({ path: root, scope: "user", plugin: name });
  }
  for (const folder of cwd === undefined ? [] : foldersFrom(options.projectRoot ?? cwd, cwd)) {
    roots.push({ path: join(folder, ".agents/skills"), scope: "repo" });
  }
  const seen = new Set<AbsolutePath>();
  return roots.filter(({ path }) => !seen.has(path) && seen.add(path));
}

/** The folders from `top` down to `bottom`. */
function foldersFrom(top: AbsolutePath, bottom: AbsolutePath): AbsolutePath[] {
  if (!isInside(bottom, top)) return [bottom];
  const folders: AbsolutePath[] = [];
  for (let folder: AbsolutePath | null = bottom; folder !== null; folder = parent(folder)) {
    folders.unshift(folder);
    if (folder === top) break;
  }
  return folders;
}
