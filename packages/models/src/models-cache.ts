// The list that a server has given, kept in a file for the next runs.
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { ModelInfo } from "@codex-ts/protocol";
import { decodeModels } from "./decode-models.ts";

/** Whose list it is. A list is used for the same provider, address, account and program version alone. */
export interface ModelsSource {
  readonly providerId: string;
  readonly baseUrl: string;
  readonly accountId: string | null;
  /** `major.minor.patch` of this program. */
  readonly clientVersion: string;
}

export interface CachedModels {
  readonly models: readonly ModelInfo[];
  readonly etag: string | null;
  /** When the server last said that this is its list. */
  readonly fetchedAt: Date;
}

/** The cached list; null when there is none, it cannot be read, or it is another source's. */
export async function readModelsCache(
  path: string,
  source: ModelsSource,
): Promise<CachedModels | null> {
  const file = await readJson(path);
  if (file?.["client_version"] !== source.clientVersion) return null;
  if (file["source"] !== sourceKey(source) || !Array.isArray(file["models"])) return null;
  const fetchedAt = new Date(String(file["fetched_at"]));
  if (Number.isNaN(fetchedAt.getTime())) return null;
  const { models, warnings } = decodeModels(file["models"]);
  if (warnings.length > 0) return null;
  return { models, etag: typeof file["etag"] === "string" ? file["etag"] : null, fetchedAt };
}

/** Replaces the file, all of it or nothing. The released CLI reads the same file and passes over ours. */
export async function writeModelsCache(
  path: string,
  source: ModelsSource,
  { models, etag, fetchedAt }: CachedModels,
): Promise<void> {
  const content = {
    fetched_at: fetchedAt.toISOString(),
    ...(etag === null ? {} : { etag }),
    client_version: source.clientVersion,
    source: sourceKey(source),
    models,
  };
  const temporary = `${path}.${process.getBuiltinModule("node:crypto").randomBytes(8).toString("hex")}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify(content, null, 2), { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Differs for every source, and names no account. */
function sourceKey({ providerId, baseUrl, accountId }: ModelsSource): string {
  const text = JSON.stringify([providerId, baseUrl, accountId]);
  return process
    .getBuiltinModule("node:crypto")
    .createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, 16);
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    // No file, or one that is broken: the server knows better anyway.
    return null;
  }
}
