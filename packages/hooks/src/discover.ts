// Discovery: from layers of configuration to the handlers that run, and a word on each that does not.
import { readFile, stat } from "node:fs/promises";
import { type AbsolutePath, join, resolve } from "@codex-ts/absolute-path";
import { dialectNamed, type DialectName } from "./dialect.ts";
import type { CommandHandler } from "./handler.ts";
import type { TableEntry, TablePath } from "./hook-table.ts";
import { isFields } from "./object-fields.ts";

/** A layer of configuration, in a shape that any program can make. */
export interface HookLayer {
  /** Only a `project` layer needs trust. */
  readonly kind: "system" | "user" | "project" | "session" | "managed";
  /** Holds `hooks.json`; a layer without a folder has no such file. */
  readonly folder?: AbsolutePath | undefined;
  /** Of a project layer; `unknown` when left out, which is not trusted. */
  readonly trust?: "trusted" | "untrusted" | "unknown" | undefined;
  /** Why the layer is off, when it is. */
  readonly disabled?: string | undefined;
  /** The `hooks` table of the layer's config.toml, parsed. */
  readonly table?: HookTable | undefined;
  /** Settings files of other programs to read hooks from, besides those that the layer's own files name. */
  readonly imports?: readonly HookImport[] | undefined;
}

/** A `hooks` table that the caller has parsed already. */
export interface HookTable {
  /** Where the table stands, for messages and listings. */
  readonly file: AbsolutePath;
  /** The table's value, unchecked. */
  readonly value: unknown;
  /** The 1-based line of what stands at a path below `hooks`. */
  readonly line?: ((path: TablePath) => number | null | undefined) | undefined;
}

/** A settings file of another program that holds hooks of its dialect. */
export interface HookImport {
  readonly dialect: Exclude<DialectName, "codex">;
  readonly file: AbsolutePath;
}

/** Where to look for hooks, and which files may run. */
export interface DiscoverHooksOptions {
  /** From the lowest precedence to the highest. Layers add up; none takes away from another. */
  readonly layers: readonly HookLayer[];
  /** For `~` in the paths of imports. */
  readonly home?: string | undefined;
  /**
   * SHA-256 (hex) of each file of a project layer as it was when a person approved it. When given,
   * a project's file that is missing here or has changed since is not run.
   */
  readonly approved?: Readonly<Record<string, string>> | undefined;
}

/** One configured handler, whether it runs or not. */
export interface ListedHook {
  /** As its file has it. */
  readonly event: string;
  readonly matcher: string | null;
  readonly command: string | null;
  readonly dialect: DialectName;
  readonly timeoutMs: number | null;
  readonly statusMessage: string | null;
  readonly source: {
    readonly path: AbsolutePath;
    /** 1-based; null where it is not known. */
    readonly line: number | null;
    readonly layer: HookLayer["kind"];
    /** Of the file, in hex; null for a table that came parsed. */
    readonly sha256: string | null;
  };
  /**
   * `untrusted`: nobody has approved the project or this version of the file. `disabled`: the layer
   * or the file switches its hooks off. `broken`: the entry makes no sense.
   */
  readonly state: "runs" | "untrusted" | "disabled" | "broken";
  /** Why it does not run; null when it does. */
  readonly reason: string | null;
  /** Null when it does not run. */
  readonly displayOrder: number | null;
}

/** What the layers hold. */
export interface HookDiscovery {
  /** Those that run, in declaration order. */
  readonly handlers: readonly CommandHandler[];
  /** All that are configured. */
  readonly listed: readonly ListedHook[];
  /** For the person, at the start of a session. */
  readonly warnings: readonly string[];
}

/** A table with all that is known of where it came from. */
interface Source {
  readonly layer: HookLayer;
  readonly dialect: DialectName;
  readonly file: AbsolutePath;
  readonly sha256: string | null;
  readonly table: unknown;
  readonly line: (path: TablePath) => number | null;
  /** Says no to the file as a whole; null when it may run. */
  readonly off: { readonly state: "untrusted" | "disabled"; readonly reason: string } | null;
}

/**
 * Reads all layers. It never rejects because of what a file holds: what is wrong becomes a warning
 * and a listed hook that is `broken`. Hooks of a project that is not trusted are listed, never run.
 */
export async function discoverHooks(options: DiscoverHooksOptions): Promise<HookDiscovery> {
  const warnings: string[] = [];
  const sources: Source[] = [];
  for (const layer of options.layers) {
    sources.push(...(await sourcesOfLayer(layer, options, warnings)));
  }
  if (sources.length === 0) return { handlers: [], listed: [], warnings };
  const { readHookTable } = await import("./hook-table.ts");
  const handlers: CommandHandler[] = [];
  const listed: ListedHook[] = [];
  for (const source of sources) {
    const entries = readHookTable(source.table, dialectNamed(source.dialect));
    if (source.off?.state === "untrusted" && entries.length > 0) {
      warnings.push(`The hooks in ${source.file} do not run: ${source.off.reason}`);
    }
    for (const entry of entries) {
      const runs = source.off === null && entry.handler !== null;
      listed.push(listEntry(source, entry, runs ? handlers.length : null));
      if (source.off === null && entry.problem !== null && entry.warn) {
        warnings.push(
          `A ${entry.eventText} hook ${place(source, entry)} is skipped: ${entry.problem}`,
        );
      }
      if (!runs || entry.handler === null) continue;
      const line = source.line(entry.path);
      const path = source.file;
      handlers.push({ ...entry.handler, source: { path, line, layer: source.layer.kind } });
    }
  }
  return { handlers, listed, warnings };
}

function place(source: Source, entry: TableEntry): string {
  const line = source.line(entry.path);
  return line === null ? `in ${source.file}` : `in ${source.file}, line ${line},`;
}

function listEntry(source: Source, entry: TableEntry, displayOrder: number | null): ListedHook {
  return {
    event: entry.eventText,
    matcher: entry.matcher,
    command: entry.command,
    dialect: source.dialect,
    timeoutMs: entry.timeoutMs,
    statusMessage: entry.statusMessage,
    source: {
      path: source.file,
      line: source.line(entry.path),
      layer: source.layer.kind,
      sha256: source.sha256,
    },
    state: source.off?.state ?? (entry.problem === null ? "runs" : "broken"),
    reason: source.off?.reason ?? entry.problem,
    displayOrder,
  };
}

async function sourcesOfLayer(
  layer: HookLayer,
  options: DiscoverHooksOptions,
  warnings: string[],
): Promise<readonly Source[]> {
  const own: Source[] = [];
  const add = (source: Source | null) => {
    if (source !== null) own.push(source);
  };
  if (layer.folder !== undefined) {
    add(await readSource(layer, "codex", join(layer.folder, "hooks.json"), options, warnings));
  }
  if (layer.table !== undefined) {
    const { file, value, line } = layer.table;
    const off = layerOff(layer);
    const lineOf = (path: TablePath) => line?.(path) ?? null;
    add({ layer, dialect: "codex", file, sha256: null, table: value, line: lineOf, off });
  }
  const imports = [...(layer.imports ?? [])];
  for (const source of own) imports.push(...(await namedImports(source, options, warnings)));
  for (const { dialect, file } of imports) {
    add(await readSource(layer, dialect, file, options, warnings));
  }
  return own;
}

/** What a table's `imports` name. Nothing is read on the word of a file that may not run. */
async function namedImports(
  source: Source,
  { home }: DiscoverHooksOptions,
  warnings: string[],
): Promise<readonly HookImport[]> {
  if (source.off !== null || !isFields(source.table) || source.table["imports"] === undefined) {
    return [];
  }
  const { importsOf } = await import("./hook-table.ts");
  const { complaint, hookImportSchema } = await import("./schemas.ts");
  const base = source.layer.folder ?? join(source.file, "..");
  return importsOf(source.table).flatMap((value) => {
    const parsed = hookImportSchema.safeParse(value);
    if (parsed.success) {
      const { dialect, path } = parsed.data;
      return [{ dialect, file: resolve(path, base, { home: home ?? "" }) }];
    }
    warnings.push(
      `An entry of \`imports\` in ${source.file} is skipped: ${complaint(parsed.error)}`,
    );
    return [];
  });
}

async function readSource(
  layer: HookLayer,
  dialect: DialectName,
  file: AbsolutePath,
  { approved }: DiscoverHooksOptions,
  warnings: string[],
): Promise<Source | null> {
  const off = layerOff(layer);
  try {
    if (!(await isRegularFile(file))) return null;
    const bytes = await readFile(file);
    const sha256 = process
      .getBuiltinModule("node:crypto")
      .createHash("sha256")
      .update(bytes)
      .digest("hex");
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const { parseJsonWithLines } = await import("./json-lines.ts");
    const json = parseJsonWithLines(text, dialect !== "codex");
    if (!isFields(json.value)) throw new SyntaxError("it holds no JSON object");
    return {
      layer,
      dialect,
      file,
      sha256,
      table: json.value["hooks"],
      line: (path) => json.line(["hooks", ...path]),
      off: off ?? switchedOff(dialect, json.value) ?? notApproved(layer, file, sha256, approved),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (off === null) warnings.push(`The hooks in ${file} cannot be read: ${reason}`);
    return null;
  }
}

async function isRegularFile(file: AbsolutePath): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

function layerOff(layer: HookLayer): Source["off"] {
  if (layer.disabled !== undefined) return { state: "disabled", reason: layer.disabled };
  if (layer.kind !== "project" || layer.trust === "trusted") return null;
  const reason =
    layer.trust === "untrusted"
      ? "the project is not trusted"
      : "nobody has said yet whether the project is trusted";
  return { state: "untrusted", reason };
}

function switchedOff(
  dialect: DialectName,
  settings: Readonly<Record<string, unknown>>,
): Source["off"] {
  if (dialect === "claude" && settings["disableAllHooks"] === true) {
    return { state: "disabled", reason: "the file says `disableAllHooks`" };
  }
  const { hooksConfig } = settings;
  if (dialect === "gemini" && isFields(hooksConfig) && hooksConfig["enabled"] === false) {
    return { state: "disabled", reason: "the file says `hooksConfig.enabled: false`" };
  }
  return null;
}

function notApproved(
  layer: HookLayer,
  file: AbsolutePath,
  sha256: string,
  approved: Readonly<Record<string, string>> | undefined,
): Source["off"] {
  if (layer.kind !== "project" || approved === undefined) return null;
  const known = Object.hasOwn(approved, file) ? approved[file] : undefined;
  if (known === sha256) return null;
  const reason =
    known === undefined
      ? "the file has not been approved"
      : "the file has changed since it was approved";
  return { state: "untrusted", reason };
}
