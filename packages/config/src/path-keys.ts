// The keys whose values are paths. A relative one is resolved against the folder of the file that
// holds it, so this happens layer by layer, before the layers are merged.
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import { emptyTable, isTable, type TomlTable, type TomlValue } from "./toml.ts";

/** `*` stands for any key, `[]` for each element of an array. */
const inProfilesToo = [
  "model_catalog_json",
  "model_instructions_file",
  "experimental_compact_prompt_file",
  "experimental_instructions_file",
  "js_repl_node_path",
  "js_repl_node_module_dirs.[]",
  "zsh_path",
] as const;

export const pathKeys: readonly string[] = [
  ...inProfilesToo,
  ...inProfilesToo.map((key) => `profiles.*.${key}`),
  "log_dir",
  "sqlite_home",
  "sandbox_workspace_write.writable_roots.[]",
  "model_providers.*.auth.cwd",
  "mcp_servers.*.cwd",
  "skills.config.[].path",
  "agents.*.config_file",
];

interface PathTree {
  isPath: boolean;
  readonly children: Map<string, PathTree>;
}

function buildTree(): PathTree {
  const root: PathTree = { isPath: false, children: new Map() };
  for (const key of pathKeys) {
    let node = root;
    for (const segment of key.split(".")) {
      const next = node.children.get(segment) ?? { isPath: false, children: new Map() };
      node.children.set(segment, next);
      node = next;
    }
    node.isPath = true;
  }
  return root;
}

const tree = buildTree();

function resolveValue(
  value: TomlValue,
  node: PathTree | undefined,
  toAbsolute: (path: string) => string,
): TomlValue {
  if (node === undefined) return value;
  if (node.isPath && typeof value === "string") return toAbsolute(value);
  if (Array.isArray(value)) {
    const element = node.children.get("[]");
    return value.map((item) => resolveValue(item, element, toAbsolute));
  }
  if (!isTable(value)) return value;
  const resolved = emptyTable();
  for (const key of Object.keys(value)) {
    const item = value[key] ?? "";
    const child = node.children.get(key) ?? node.children.get("*");
    resolved[key] = resolveValue(item, child, toAbsolute);
  }
  return resolved;
}

/**
 * `table` with its path values made absolute: `~` is `home`, a relative path starts at `base`. A
 * value that cannot be a path stays as it is, for the check of the whole to refuse.
 */
export function resolvePathValues(
  table: TomlTable,
  base: AbsolutePath,
  home: string | undefined,
): TomlTable {
  const toAbsolute = (path: string): string =>
    path.includes("\0") ? path : resolve(path, base, { home });
  const resolved = resolveValue(table, tree, toAbsolute);
  return isTable(resolved) ? resolved : table;
}
