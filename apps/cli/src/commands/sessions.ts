// `codex-ts sessions`: find, read, name, archive and export earlier sessions.
import { writeFile } from "node:fs/promises";
import nodePath from "node:path";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { parseThreadId, type ThreadId } from "@codex-ts/protocol";
import {
  appendThreadName,
  archiveThread,
  findThreadByName,
  findThreadPath,
  listThreads,
  parseRolloutFileName,
  readRollout,
  RolloutError,
  type ThreadSummary,
  type Transcript,
  transcriptOf,
  unarchiveThread,
} from "@codex-ts/rollout";
import { painter, wantsColor } from "../colors.ts";
import { openConfig } from "../open-config.ts";
import { Failure } from "../failure.ts";
import type { SessionsInvocation } from "../sessions-grammar.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";
import { sessionTable, transcriptText } from "./session-text.ts";

export async function runSessions(
  invocation: Exclude<SessionsInvocation, { readonly command: "sessions undo" }>,
  terminal: Terminal,
): Promise<number> {
  const cwd = await workingFolder(invocation.config.cd, terminal.cwd);
  const { config } = await openConfig(invocation.config, terminal, cwd);
  const { codexHome } = config;
  try {
    switch (invocation.command) {
      case "sessions list":
        return await list(invocation, terminal, codexHome, cwd);
      case "sessions show":
        return await show(invocation, terminal, codexHome);
      case "sessions name":
        return await name(invocation, terminal, codexHome);
      case "sessions archive":
        return await archive(invocation, terminal, codexHome);
      case "sessions export":
        return await exportSession(invocation, terminal, codexHome);
    }
  } catch (error) {
    if (error instanceof RolloutError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

type Of<C extends SessionsInvocation["command"]> = Extract<
  SessionsInvocation,
  { readonly command: C }
>;

async function list(
  { filter, json }: Of<"sessions list">,
  terminal: Terminal,
  codexHome: AbsolutePath,
  cwd: AbsolutePath,
): Promise<number> {
  const page = await listThreads({
    codexHome,
    archived: filter.archived,
    pageSize: filter.limit,
    cursor: filter.cursor,
    sortKey: filter.sort === "created" ? "created_at" : "updated_at",
    searchTerm: filter.search,
    cwd: filter.here ? cwd : undefined,
  });
  if (json) {
    const sessions = page.threads.map(summaryJson);
    terminal.stdout(`${JSON.stringify({ sessions, next_cursor: page.nextCursor }, null, 2)}\n`);
    return 0;
  }
  if (page.threads.length === 0) {
    terminal.stderr(
      filter.search === undefined && !filter.here && filter.cursor === undefined
        ? `There are no ${filter.archived ? "archived " : ""}sessions below ${codexHome} yet.\n`
        : "No session matches.\n",
    );
    return 0;
  }
  terminal.stdout(
    sessionTable(page.threads, {
      columns: terminal.stdoutColumns,
      paint: painterOf(terminal),
      now: new Date(),
      home: terminal.env["HOME"],
    }),
  );
  if (page.nextCursor !== null) {
    terminal.stderr(`There are more: add --cursor '${page.nextCursor}'\n`);
  }
  return 0;
}

function summaryJson(thread: ThreadSummary): object {
  const { id, name: threadName, preview, path, createdAt, updatedAt, meta } = thread;
  return {
    id,
    name: threadName,
    preview,
    cwd: meta.cwd,
    created_at: createdAt,
    updated_at: updatedAt,
    source: meta.source,
    model_provider: meta.model_provider,
    ...(meta.git === undefined ? {} : { git: meta.git }),
    ...(meta.forked_from_id === undefined ? {} : { forked_from_id: meta.forked_from_id }),
    path,
  };
}

async function show(
  { session, json }: Of<"sessions show">,
  terminal: Terminal,
  codexHome: AbsolutePath,
): Promise<number> {
  const transcript = await readTranscript(await find(codexHome, session));
  terminal.stdout(
    json
      ? `${JSON.stringify(transcriptJson(transcript), null, 2)}\n`
      : transcriptText(transcript, painterOf(terminal)),
  );
  return 0;
}

/** Without the instructions, which are long and the same in every session. */
function transcriptJson({ meta, ...transcript }: Transcript): object {
  const { base_instructions: _text, dynamic_tools: _tools, ...facts } = meta;
  return { session: facts, ...transcript };
}

async function name(
  { session, name: newName }: Of<"sessions name">,
  terminal: Terminal,
  codexHome: AbsolutePath,
): Promise<number> {
  const id = idOf(await find(codexHome, session));
  await appendThreadName(codexHome, id, newName);
  terminal.stdout(`${id} is now called ${JSON.stringify(newName.trim())}\n`);
  return 0;
}

async function archive(
  { sessions, undo, json }: Of<"sessions archive">,
  terminal: Terminal,
  codexHome: AbsolutePath,
): Promise<number> {
  // All are looked up before the first is moved.
  const found: AbsolutePath[] = [];
  for (const session of sessions) found.push(await find(codexHome, session, { archived: undo }));
  const moved: { readonly id: ThreadId; readonly path: AbsolutePath }[] = [];
  for (const path of new Set(found)) {
    const to = undo ? await unarchiveThread(codexHome, path) : await archiveThread(codexHome, path);
    moved.push({ id: idOf(to), path: to });
  }
  if (json) terminal.stdout(`${JSON.stringify({ sessions: moved }, null, 2)}\n`);
  else for (const { id, path } of moved) terminal.stdout(`${id} → ${path}\n`);
  return 0;
}

async function exportSession(
  { session, format, output, json }: Of<"sessions export">,
  terminal: Terminal,
  codexHome: AbsolutePath,
): Promise<number> {
  const transcript = await readTranscript(await find(codexHome, session));
  const text = await exported(transcript, format ?? formatOf(output));
  if (output === undefined) {
    terminal.stdout(text);
    return 0;
  }
  const path = nodePath.resolve(terminal.cwd, output);
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new Failure(`the export could not be written to ${path}: ${(error as Error).message}`);
  }
  if (json) terminal.stdout(`${JSON.stringify({ id: transcript.meta.id, path })}\n`);
  else terminal.stderr(`Written to ${path}\n`);
  return 0;
}

export type ExportFormat = "md" | "html" | "json";

function formatOf(output: string | undefined): ExportFormat {
  switch (nodePath.extname(output ?? "").toLowerCase()) {
    case ".html":
    case ".htm":
      return "html";
    case ".json":
      return "json";
    default:
      return "md";
  }
}

async function exported(transcript: Transcript, format: ExportFormat): Promise<string> {
  switch (format) {
    case "md": {
      const { transcriptMarkdown } = await import("@codex-ts/rollout/export");
      return transcriptMarkdown(transcript);
    }
    case "html": {
      const { transcriptHtml } = await import("@codex-ts/rollout/export");
      return transcriptHtml(transcript);
    }
    case "json":
      return `${JSON.stringify(transcriptJson(transcript), null, 2)}\n`;
  }
}

async function readTranscript(path: AbsolutePath): Promise<Transcript> {
  const { meta, items } = await readRollout(path);
  return transcriptOf(meta, items);
}

/** The file of a session by its id or name; live sessions go before archived ones. */
async function find(
  codexHome: AbsolutePath,
  session: string,
  { archived }: { readonly archived?: boolean } = {},
): Promise<AbsolutePath> {
  const id = parseThreadId(session);
  const places = archived === undefined ? [false, true] : [archived];
  for (const place of places) {
    const path =
      id === null
        ? await findThreadByName(codexHome, session, /*cwd*/ undefined, { archived: place })
        : await findThreadPath(codexHome, id, { archived: place });
    if (path !== null) return path;
  }
  const kind = archived === true ? "archived session" : "session";
  throw new Failure(
    id === null
      ? `no ${kind} below ${codexHome} is called ${JSON.stringify(session)}; see codex-ts sessions list`
      : `no ${kind} below ${codexHome} has the id ${id}`,
  );
}

function idOf(path: AbsolutePath): ThreadId {
  const parsed = parseRolloutFileName(nodePath.basename(path));
  if (parsed === null) throw new Failure(`${path} is not named like a session file`);
  return parsed.id;
}

function painterOf(terminal: Terminal): ReturnType<typeof painter> {
  return painter(
    wantsColor({ mode: "auto", isTerminal: terminal.stdoutIsTerminal, env: terminal.env }),
  );
}
