// Where in its file a layer says something.
import type { ConfigLayer } from "./layers.ts";
import { type TextLines, textLines } from "./text-lines.ts";
import { readTomlPositions, type TomlPath, type TomlPositions } from "./toml-positions.ts";

/**
 * Finds the 1-based line of what stands at a path of a layer; null where the layer has no file or
 * nothing stands there. The file is read when the first line is asked for.
 */
export function layerLines({ text }: ConfigLayer): (path: TomlPath) => number | null {
  let read: { readonly places: TomlPositions; readonly lines: TextLines } | undefined;
  return (path) => {
    if (text === undefined) return null;
    read ??= { places: readTomlPositions(text), lines: textLines(text) };
    const place = read.places.find(path);
    return place === undefined ? null : read.lines.positionAt(place.key.start).line;
  };
}
