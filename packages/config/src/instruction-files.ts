// Texts and lists that settings name by file.
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import type { JsonObject } from "@codex-ts/protocol";
import { ConfigError } from "./errors.ts";
import { type ReadFile, readText } from "./layers.ts";
import type { Origins } from "./origins.ts";

function refuse(key: string, origins: Origins, problem: string, cause?: unknown): ConfigError {
  const place = origins.find([key]);
  return new ConfigError("invalid_value", `\`${key}\`: ${problem}`, {
    key: place?.key ?? key,
    place,
    cause,
  });
}

/** The file that `key` names; it must be there. */
async function readNamedFile(
  key: string,
  file: AbsolutePath,
  readFile: ReadFile,
  origins: Origins,
): Promise<string> {
  let text: string | undefined;
  try {
    text = await readText(file, readFile);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw refuse(key, origins, `${file}: ${error.message}`, error);
  }
  if (text === undefined) throw refuse(key, origins, `${file} does not exist`);
  return text;
}

/** The trimmed text of the file that `key` names. @throws ConfigError when it is missing or blank. */
export async function readInstructions(
  key: string,
  file: AbsolutePath,
  readFile: ReadFile,
  origins: Origins,
): Promise<string> {
  const text = (await readNamedFile(key, file, readFile, origins)).trim();
  if (text === "") throw refuse(key, origins, `${file} is blank`);
  return text;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The models that `model_catalog_json` names. @throws ConfigError when it has none. */
export async function readModelCatalog(
  file: AbsolutePath,
  readFile: ReadFile,
  origins: Origins,
): Promise<readonly JsonObject[]> {
  const key = "model_catalog_json";
  const text = await readNamedFile(key, file, readFile, origins);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw refuse(key, origins, `${file} is not valid JSON`, error);
  }
  const models = isObject(parsed) && Array.isArray(parsed["models"]) ? parsed["models"] : [];
  if (models.length === 0) {
    throw refuse(key, origins, `${file} must be an object whose \`models\` has at least one entry`);
  }
  if (!models.every(isObject))
    throw refuse(key, origins, `every model in ${file} must be an object`);
  return models;
}

/** The person's own instructions: the first of the two files in CODEX_HOME that is not blank. */
export async function readUserInstructions(
  codexHome: AbsolutePath,
  readFile: ReadFile,
): Promise<{ readonly text?: string; readonly warning?: string }> {
  for (const name of ["AGENTS.override.md", "AGENTS.md"]) {
    const file = join(codexHome, name);
    try {
      const text = (await readText(file, readFile))?.trim();
      if (text !== undefined && text !== "") return { text };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { warning: `${file} is not used: ${error.message}` };
    }
  }
  return {};
}
