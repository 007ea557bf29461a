// Makes a model on a local server ready: the server runs and is new enough, and has the model.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HttpError, HttpStatusError, type HttpTransport } from "@codex-ts/http-client";

/** Why a local model cannot be used. */
export type LocalModelErrorCode =
  /** No server answers at the address. */
  | "server_unreachable"
  /** The server is too old for the Responses API. */
  | "server_too_old"
  /** The server does not have the model and could not get it. */
  | "model_unavailable";

/** The message says what to do. */
export class LocalModelError extends Error {
  override readonly name = "LocalModelError";
  readonly code: LocalModelErrorCode;

  constructor(code: LocalModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A model that a server on this machine is to run. */
export interface LocalModelOptions {
  readonly providerId: "ollama" | "lmstudio";
  /** The address of the provider, as its definition has it; Ollama's may end in `/v1`. */
  readonly baseUrl: string;
  /** The name that the server knows it by; Ollama's `:latest` may be left out. */
  readonly model: string;
  readonly transport: HttpTransport;
  /** For the `PATH` and home of LM Studio's program. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told what goes on when it takes long: a download. One line for each step. */
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sees to it that a local server runs and has the model: one that is missing is downloaded (by
 * Ollama itself, or by LM Studio's program `lms`), which may take long. LM Studio then loads it in
 * the background.
 *
 * @throws LocalModelError when the server does not answer within five seconds, is older than Ollama
 * 0.13.4, or cannot get the model; the signal's reason when aborted.
 */
export async function prepareLocalModel(options: LocalModelOptions): Promise<void> {
  options.signal?.throwIfAborted();
  await (options.providerId === "ollama" ? prepareOllama(options) : prepareLmStudio(options));
}

const probeMs = 5000;
/** The first version that speaks the Responses API. */
const oldestOllama = [0, 13, 4] as const;

async function prepareOllama(options: LocalModelOptions): Promise<void> {
  const root = options.baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "");
  const tags = await probe(options, `${root}/api/tags`, "start it with: ollama serve");
  const version = await getJson(options, `${root}/api/version`).catch(() => ({}));
  refuseOldOllama(version);
  const names = namesOf(tags["models"], "name");
  const isThere = names.includes(options.model) || names.includes(`${options.model}:latest`);
  if (!isThere) await pullWithOllama(options, `${root}/api/pull`);
}

function refuseOldOllama({ version }: Readonly<Record<string, unknown>>): void {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/
    .exec(typeof version === "string" ? version : "")
    ?.slice(1)
    .map(Number);
  // Builds of one's own call themselves 0.0.0.
  if (parts === undefined || parts.every((part) => part === 0)) return;
  for (const [index, least] of oldestOllama.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part === least) continue;
    throw new LocalModelError(
      "server_too_old",
      `Ollama ${parts.join(".")} does not speak the Responses API; install ${oldestOllama.join(".")} or newer`,
    );
  }
}

/** Ollama answers with a line of JSON for each step, and says in one of them whether it went well. */
async function pullWithOllama(options: LocalModelOptions, url: string): Promise<void> {
  const { model, transport, onProgress = () => {}, signal } = options;
  onProgress(`Ollama is getting the model ${model}`);
  const why = await (async () => {
    await using response = await transport.send({
      method: "POST",
      url,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true }),
      signal,
    });
    let last = "";
    for await (const line of linesOf(response.body)) {
      const { error, status } = parseObject(line);
      if (typeof error === "string") return error;
      if (status === "success") return null;
      if (typeof status === "string" && status !== last) onProgress(`  ${status}`);
      if (typeof status === "string") last = status;
    }
    return "the download ended before it was complete";
  })().catch((error: unknown) => {
    signal?.throwIfAborted();
    return messageOf(error);
  });
  if (why !== null) throw unavailable(`Ollama could not get the model ${model}: ${why}`);
}

async function prepareLmStudio(options: LocalModelOptions): Promise<void> {
  const base = options.baseUrl.replace(/\/+$/, "");
  const list = await probe(options, `${base}/models`, "start it with: lms server start");
  if (!namesOf(list["data"], "id").includes(options.model)) await getWithLms(options);
  loadInBackground(options, base);
}

async function getWithLms({ model, env, onProgress, signal }: LocalModelOptions): Promise<void> {
  onProgress?.(`LM Studio is getting the model ${model}`);
  const own = join(env["HOME"] ?? env["USERPROFILE"] ?? "", ".lmstudio/bin/lms");
  const child = process
    .getBuiltinModule("node:child_process")
    .spawn(hasOnPath("lms", env) || !existsSync(own) ? "lms" : own, ["get", "--yes", model], {
      stdio: ["ignore", "ignore", "pipe"],
      env,
      signal,
    });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-500);
  });
  const why = await new Promise<string | null>((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ENOENT" ? "its program lms is not installed" : error.message);
    });
    child.on("close", (code) => {
      if (code === 0) resolve(null);
      else resolve(`lms get failed${said.trim() === "" ? "" : `: ${said.trim()}`}`);
    });
  });
  signal?.throwIfAborted();
  if (why !== null) throw unavailable(`LM Studio could not get the model ${model}: ${why}`);
}

/** The first request would wait for the model to be loaded. Nobody waits for this one. */
function loadInBackground({ model, transport, signal }: LocalModelOptions, base: string): void {
  const body = JSON.stringify({ model, input: "", max_output_tokens: 1 });
  const headers = { "content-type": "application/json" };
  transport
    .send({ method: "POST", url: `${base}/responses`, headers, body, signal })
    .then((response) => response.release())
    .catch(() => {});
}

async function probe(options: LocalModelOptions, url: string, start: string) {
  try {
    return await getJson(options, url);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof HttpStatusError || !(error instanceof HttpError)) {
      throw unavailable(`the local server does not list its models: ${messageOf(error)}`, error);
    }
    const name = options.providerId === "ollama" ? "Ollama" : "LM Studio";
    throw new LocalModelError(
      "server_unreachable",
      `${name} does not answer at ${options.baseUrl}; ${start}`,
      { cause: error },
    );
  }
}

async function getJson({ transport, signal: outer }: LocalModelOptions, url: string) {
  const timeout = AbortSignal.timeout(probeMs);
  const signal = outer === undefined ? timeout : AbortSignal.any([outer, timeout]);
  await using response = await transport.send({ method: "GET", url, signal });
  return parseObject(await response.text());
}

function hasOnPath(program: string, env: LocalModelOptions["env"]): boolean {
  const path = env["PATH"] ?? env["Path"] ?? "";
  return path
    .split(process.platform === "win32" ? ";" : ":")
    .some((folder) => folder !== "" && existsSync(join(folder, program)));
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  yield rest;
}

function namesOf(list: unknown, key: string): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => String((entry as Record<string, unknown> | null)?.[key]));
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function unavailable(message: string, cause?: unknown): LocalModelError {
  return new LocalModelError(
    "model_unavailable",
    message,
    cause === undefined ? undefined : { cause },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
