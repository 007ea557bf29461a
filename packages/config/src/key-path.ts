// Paths of keys, as a person writes them: `projects."/work/app".trust_level`, `notify[0]`.
import { emptyTable, isTable, type TomlTable, type TomlValue } from "./toml.ts";
import type { TomlPath, TomlPathSegment } from "./toml-positions.ts";

/** The dotted form of `path`; names that need quotes get them, array indexes get brackets. */
export function formatKeyPath(path: TomlPath): string {
  return path
    .map((segment, index) => {
      if (typeof segment === "number") return `[${segment}]`;
      const name = /^[\w-]+$/.test(segment) ? segment : JSON.stringify(segment);
      return index === 0 ? name : `.${name}`;
    })
    .join("");
}

function step(value: TomlValue | undefined, segment: TomlPathSegment): TomlValue | undefined {
  if (Array.isArray(value)) return typeof segment === "number" ? value[segment] : undefined;
  return isTable(value) ? value[segment] : undefined;
}

/** The value at `path`, or undefined when there is none. */
export function valueAt(table: TomlTable, path: TomlPath): TomlValue | undefined {
  let value: TomlValue | undefined = table;
  for (const segment of path) value = step(value, segment);
  return value;
}

/** `table` with `value` at `path`; what stands in the way and is no table is replaced by one. */
export function setPath(table: TomlTable, path: readonly string[], value: TomlValue): TomlTable {
  const [key, ...rest] = path;
  if (key === undefined) return table;
  const changed = Object.assign(emptyTable(), table);
  const below = table[key];
  changed[key] =
    rest.length === 0 ? value : setPath(isTable(below) ? below : emptyTable(), rest, value);
  return changed;
}

/** `table` without the key at `path`; the tables above it stay. */
export function withoutPath(table: TomlTable, path: readonly string[]): TomlTable {
  const [name, ...rest] = path;
  if (name === undefined || !Object.hasOwn(table, name)) return table;
  const kept = Object.assign(emptyTable(), table);
  const below = table[name];
  if (rest.length === 0) delete kept[name];
  else if (isTable(below)) kept[name] = withoutPath(below, rest);
  return kept;
}

/** `over` on top of `base`: tables merge key by key, everything else is replaced. */
export function mergeTables(base: TomlTable, over: TomlTable): TomlTable {
  const merged = emptyTable();
  for (const key of Object.keys(base)) merged[key] = base[key] ?? emptyTable();
  for (const key of Object.keys(over)) {
    const below = base[key];
    const above = over[key];
    if (above === undefined) continue;
    merged[key] = isTable(below) && isTable(above) ? mergeTables(below, above) : above;
  }
  return merged;
}

/** The path of every value that is not a table with entries; arrays are walked, by index. */
export function* leafPaths(value: TomlValue, path: TomlPath = []): Generator<TomlPath> {
  const before = path.length;
  let children = 0;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      children += 1;
      yield* leafPaths(item, [...path, index]);
    }
  } else if (isTable(value)) {
    for (const key of Object.keys(value)) {
      children += 1;
      yield* leafPaths(value[key] ?? "", [...path, key]);
    }
  }
  if (children === 0 && before > 0) yield path;
}
