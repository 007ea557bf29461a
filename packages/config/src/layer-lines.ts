// Where in its file a layer says something.
import type { ConfigLayer } from "./layers.ts";
import {
  positionAt,
  readTomlPositions,
  type TomlPath,
  type TomlPositions,
} from "./toml-positions.ts";

/**
 * Finds the 1-based line of what stands at a path of a layer; null where the layer has no file or
 * nothing stands there. The file is read when the first line is asked for.
 */
export function layerLines({ text }: ConfigLayer): (path: TomlPath) => number | null {
  let positions: TomlPositions | undefined;
  return (path) => {
    if (text === undefined) return null;
    positions ??= readTomlPositions(text);
    const place = positions.find(path);
    return place === undefined ? null : positionAt(text, place.key.start).line;
  };
}
