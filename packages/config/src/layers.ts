// The layers of a configuration and the files behind them.
import nodeFs from "node:fs/promises";
import { type AbsolutePath, join, parent } from "@codex-ts/absolute-path";
import { ConfigError } from "./errors.ts";
import { resolvePathValues } from "./path-keys.ts";
import { lineMayShowSecret } from "./secrets.ts";
import { textLines } from "./text-lines.ts";
import { emptyTable, parseToml, type TomlTable, TomlSyntaxError } from "./toml.ts";
import type { TrustLevel } from "./trust.ts";

/** Where a layer comes from; these are the names that clients see on the wire. */
export type ConfigLayerName =
  | { readonly type: "system"; readonly file: AbsolutePath }
  | { readonly type: "user"; readonly file: AbsolutePath }
  | { readonly type: "project"; readonly dotCodexFolder: AbsolutePath }
  | { readonly type: "sessionFlags" }
  | { readonly type: "legacyManagedConfigTomlFromFile"; readonly file: AbsolutePath };

/** One layer, its path values already absolute. Table and text may hold secrets. */
export interface ConfigLayer {
  readonly name: ConfigLayerName;
  /** What the layer sets; empty when its file does not exist. */
  readonly table: TomlTable;
  /** The file behind the layer, whether it exists or not; missing for the session's flags. */
  readonly file?: AbsolutePath | undefined;
  /** The file's text, when it exists. */
  readonly text?: string | undefined;
  /** Set when the layer does not count, and why. */
  readonly disabledReason?: string | undefined;
  /**
   * The decision on a project layer; without one it is not trusted either. What else lies in its folder
   * may run only when this is `trusted`.
   */
  readonly trust?: TrustLevel | undefined;
}

/** Reads a file; rejects with an error whose `code` is `ENOENT` when there is none. */
export type ReadFile = (path: AbsolutePath) => Promise<Uint8Array>;

export const readFileFromDisk: ReadFile = (path) => nodeFs.readFile(path);

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** The text of a UTF-8 file, or undefined when it does not exist. A byte order mark is dropped. */
export async function readText(
  path: AbsolutePath,
  readFile: ReadFile,
): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new ConfigError("unreadable_file", `cannot read this file (${code ?? "unknown error"})`, {
      place: { path },
      cause: error,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError("unreadable_file", "this file is not UTF-8 text; save it as UTF-8", {
      place: { path },
      cause: error,
    });
  }
}

/** Parses the text of `file`. @throws ConfigError `syntax`, with the place. */
export async function parseConfigText(text: string, file: AbsolutePath): Promise<TomlTable> {
  try {
    return await parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    const { line, column } = error;
    const sourceLine = textLines(text).lineOf(line);
    throw new ConfigError("syntax", `this is not valid TOML: ${error.message}`, {
      place: {
        path: file,
        line,
        column,
        sourceLine: lineMayShowSecret(sourceLine) ? undefined : sourceLine,
      },
      cause: error,
    });
  }
}

export interface LayerReading {
  readonly readFile: ReadFile;
  /** What `~` stands for in path values. */
  readonly home: string | undefined;
}

/** The layer of one file outside a project. A missing file is an empty layer. */
export async function readFileLayer(
  name: Exclude<ConfigLayerName, { readonly type: "project" | "sessionFlags" }>,
  { readFile, home }: LayerReading,
): Promise<ConfigLayer> {
  const { file } = name;
  const text = await readText(file, readFile);
  if (text === undefined) return { name, file, table: emptyTable() };
  const table = await parseConfigText(text, file);
  return { name, file, text, table: resolvePathValues(table, parent(file) ?? file, home) };
}

/**
 * The layer of a project folder's `.codex`. Without a config file it is empty and enabled, whatever
 * the trust; broken TOML in a folder that is not trusted is no error.
 *
 * @param notice Why a file is ignored when it is not trusted.
 */
export async function readProjectLayer(
  dotCodexFolder: AbsolutePath,
  trust: TrustLevel | undefined,
  notice: (file: AbsolutePath) => string,
  { readFile, home }: LayerReading,
): Promise<ConfigLayer> {
  const file = join(dotCodexFolder, "config.toml");
  const layer = { name: { type: "project", dotCodexFolder }, file, trust } as const;
  if (trust === "trusted") {
    const text = await readText(file, readFile);
    if (text === undefined) return { ...layer, table: emptyTable() };
    const table = await parseConfigText(text, file);
    return { ...layer, text, table: resolvePathValues(table, dotCodexFolder, home) };
  }
  try {
    const text = await readText(file, readFile);
    if (text === undefined) return { ...layer, table: emptyTable() };
    const disabled = { ...layer, text, disabledReason: notice(file) };
    const table = await parseConfigText(text, file).catch(emptyTable);
    return { ...disabled, table: resolvePathValues(table, dotCodexFolder, home) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...layer, table: emptyTable(), disabledReason: notice(file) };
  }
}
