// The lifecycle hooks that this run's configuration names.
import { type ConfigLayer, layerLines, type LoadedConfig } from "@codex-ts/config";
import {
  createHooks,
  discoverHooks,
  type HookDiscovery,
  type HookLayer,
  type Hooks,
  type HookTable,
} from "@codex-ts/hooks";
import { type AbsolutePath, parent } from "@codex-ts/absolute-path";
import type { Shell } from "@codex-ts/shell-command";

/** Finds the hooks of all layers. Those of a project run only when it is trusted. */
export function findHooks(
  loaded: LoadedConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<HookDiscovery> {
  return discoverHooks({
    layers: loaded.layers.flatMap((layer) => hookLayer(layer) ?? []),
    home: env["HOME"],
  });
}

/** The engine for what was found. */
export function openHooks(
  discovery: HookDiscovery,
  shell: Shell,
  env: Readonly<Record<string, string | undefined>>,
): Hooks {
  return createHooks({
    handlers: discovery.handlers,
    shell: { program: shell.path, args: shell.kind === "cmd" ? ["/c"] : ["-c"] },
    env: { ...env },
  });
}

function hookLayer(layer: ConfigLayer): HookLayer | null {
  const { name, file, disabledReason, trust = "unknown" } = layer;
  const table =
    file === undefined || layer.table["hooks"] === undefined
      ? {}
      : { table: hookTable(layer, file) };
  const disabled = disabledReason === undefined ? {} : { disabled: disabledReason };
  switch (name.type) {
    case "system":
    case "user": {
      const folder = parent(name.file);
      return folder === null ? null : { kind: name.type, folder, ...table, ...disabled };
    }
    case "project":
      return {
        kind: "project",
        folder: name.dotCodexFolder,
        trust,
        ...table,
      };
    case "legacyManagedConfigTomlFromFile":
      return { kind: "managed", ...table, ...disabled };
    case "sessionFlags":
      return null;
  }
}

function hookTable(layer: ConfigLayer, file: AbsolutePath): HookTable {
  const lines = layerLines(layer);
  return { file, value: layer.table["hooks"], line: (path) => lines(["hooks", ...path]) };
}
