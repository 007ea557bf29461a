// Which skills are switched on or off: each layer outside of projects adds to the list.
import { fromAbsolute } from "@codex-ts/absolute-path";
import type { SkillSwitch } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { formatKeyPath, valueAt } from "./key-path.ts";
import type { ConfigLayer } from "./layers.ts";
import type { Origins } from "./origins.ts";
import { settingsShape } from "./settings-shape.ts";
import { findProblems } from "./shape.ts";

type Entry = { readonly path?: string; readonly name?: string; readonly enabled?: boolean };

/**
 * The entries of `skills.config`, lowest layer first: unlike other arrays they add up, so that one
 * switch on the command line does not undo those of the file. A project has no say.
 * @throws ConfigError `invalid_value`
 */
export function skillSwitches(
  layers: readonly ConfigLayer[],
  origins: Origins,
): readonly SkillSwitch[] {
  return layers.flatMap((layer) => {
    const config = valueAt(layer.table, ["skills", "config"]);
    if (layer.name.type === "project" || config === undefined) return [];
    const [problem] = findProblems(settingsShape, { skills: { config } });
    if (problem !== undefined) {
      throw new ConfigError("invalid_value", problem.message, {
        key: formatKeyPath(problem.path),
        place: origins.inLayer(layer, problem.path),
      });
    }
    return (config as readonly Entry[]).map(({ path, name, enabled }) => ({
      path: path === undefined ? undefined : fromAbsolute(path),
      name,
      enabled: enabled ?? true,
    }));
  });
}
