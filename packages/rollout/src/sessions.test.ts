import { mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { appendFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type AbsolutePath, parseAbsolutePath } from "@codex-ts/absolute-path";
import { type SessionMeta, type ThreadId, newThreadId } from "@codex-ts/protocol";
import { type TemporaryHome, temporaryHome } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import {
  type ListThreadsOptions,
  appendThreadName,
  archiveThread,
  findThreadByName,
  findThreadName,
  findThreadPath,
  latestThreadForCwd,
  listThreads,
  readThreadNames,
  rolloutPath,
  sessionSourceKind,
  unarchiveThread,
} from "./index.ts";

const noon = Date.parse("2026-05-04T12:00:00.000Z");

interface SessionOptions {
  readonly id?: ThreadId;
  /** When the thread is made, in seconds after noon. */
  readonly at?: number;
  /** When its file last changes, in seconds after noon; as made by default. */
  readonly changed?: number;
  readonly meta?: Partial<SessionMeta>;
  readonly message?: string;
  /** Lines between `session_meta` and the message. */
  readonly before?: number;
  /** The folders of further turns. */
  readonly turns?: readonly string[];
  readonly timeZone?: string;
}

interface Session {
  readonly id: ThreadId;
  readonly path: AbsolutePath;
}

function line(type: string, payload: unknown): string {
  return `${JSON.stringify({ timestamp: "2026-05-04T12:00:00.000Z", type, payload })}\n`;
}

function turnContext(cwd: string): string {
  return line("turn_context", {
    cwd,
    approval_policy: "never",
    sandbox_policy: { type: "read-only" },
    model: "m-1",
    summary: "auto",
  });
}

/** Writes a session file as another program may have left it. */
function session(home: TemporaryHome, options: SessionOptions = {}): Session {
  const { at = 0, changed = at, before = 2, turns = [], timeZone = "UTC" } = options;
  const createdAt = new Date(noon + at * 1000);
  const id = options.id ?? newThreadId(createdAt.getTime());
  const path = rolloutPath({ codexHome: home.codexHome, id, createdAt, timeZone });
  const meta = {
    id,
    timestamp: createdAt.toISOString(),
    cwd: "/w/app",
    originator: "test",
    cli_version: "0.1.0",
    source: "cli",
    model_provider: "local",
    base_instructions: { text: "Be kind. ".repeat(100) },
    ...options.meta,
  };
  const message = options.message ?? `hello from ${id}`;
  const user = { type: "user_message", message, images: [], local_images: [], text_elements: [] };
  const filler = line("event_msg", { type: "agent_reasoning", text: "hm" }).repeat(before);
  mkdirSync(dirname(path), { recursive: true });
  const head = line("session_meta", meta) + filler + line("event_msg", user);
  writeFileSync(path, head + turns.map((cwd) => turnContext(cwd) + filler).join(""));
  utimesSync(path, noon / 1000 + changed, noon / 1000 + changed);
  return { id, path };
}

async function listed(home: TemporaryHome, options: Partial<ListThreadsOptions> = {}) {
  const { threads } = await listThreads({ codexHome: home.codexHome, ...options });
  return threads.map(({ id }) => id);
}

/** All pages, one after the other. */
async function paged(home: TemporaryHome, options: Partial<ListThreadsOptions>) {
  const pages: ThreadId[][] = [];
  let cursor: string | undefined;
  do {
    const page = await listThreads({ codexHome: home.codexHome, ...options, cursor });
    pages.push(page.threads.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

const plainId = (digit: number) => `aaaaaaaa-0000-4000-8000-00000000000${digit}` as ThreadId;

describe("listing", () => {
  test("an empty home has no sessions", async () => {
    await using home = await temporaryHome();
    expect(await listThreads({ codexHome: home.codexHome })).toEqual({
      threads: [],
      nextCursor: null,
    });
  });

  test("a session is told by its meta, name, first message and times", async () => {
    await using home = await temporaryHome();
    const message = "# Open files\n- a.ts\n\n## My request for Codex:\nfix the tests\n";
    const { id, path } = session(home, { at: 1, changed: 61, message });
    await appendThreadName(home.codexHome, id, "tests");
    const { threads } = await listThreads({ codexHome: home.codexHome });
    expect(threads).toEqual([
      {
        id,
        path,
        meta: {
          id,
          timestamp: "2026-05-04T12:00:01.000Z",
          cwd: "/w/app",
          originator: "test",
          cli_version: "0.1.0",
          source: "cli",
          model_provider: "local",
          base_instructions: null,
        },
        name: "tests",
        preview: "fix the tests",
        createdAt: "2026-05-04T12:00:01.000Z",
        updatedAt: "2026-05-04T12:01:01.000Z",
      },
    ]);
  });

  test("newest first, by creation or by last change; a change does not alter the order of creation", async () => {
    await using home = await temporaryHome();
    const [a, b, c] = [
      session(home, { at: 0, changed: 95_000_000 }),
      session(home, { at: 86_400, changed: 86_400 }),
      session(home, { at: 90_000_000 }),
    ].map(({ id }) => id);
    expect(await listed(home)).toEqual([c, b, a]);
    expect(await listed(home, { sortKey: "updated_at" })).toEqual([a, c, b]);
  });

  test("a clock or zone that changed does not put sessions out of order", async () => {
    await using home = await temporaryHome();
    const first = session(home, { at: 0, timeZone: "Pacific/Kiritimati" });
    const second = session(home, { at: 60, timeZone: "Pacific/Pago_Pago" });
    expect(dirname(first.path)).not.toBe(dirname(second.path));
    expect(await listed(home)).toEqual([second.id, first.id]);
  });

  test("files of the same time are in the order of their ids, on stable pages", async () => {
    await using home = await temporaryHome();
    const ids = [3, 1, 4, 2, 5].map((digit) => session(home, { id: plainId(digit) }).id);
    const expected = ids.toSorted().toReversed();
    for (const sortKey of ["created_at", "updated_at"] as const) {
      expect(await paged(home, { sortKey, pageSize: 2 })).toEqual([
        expected.slice(0, 2),
        expected.slice(2, 4),
        expected.slice(4),
      ]);
    }
    expect(await paged(home, { pageSize: 5 })).toEqual([expected]);
  });

  test("a new session does not shift the pages that follow", async () => {
    await using home = await temporaryHome();
    const [a, b, c] = [0, 1, 2].map((at) => session(home, { at }).id);
    const { threads, nextCursor } = await listThreads({ codexHome: home.codexHome, pageSize: 2 });
    expect(threads.map(({ id }) => id)).toEqual([c, b]);
    session(home, { at: 3 });
    expect(await listed(home, { cursor: nextCursor ?? "" })).toEqual([a]);
  });

  test.each(["", "x", "2026-05-04T12:00:00Z", `yesterday|${plainId(/*digit*/ 1)}`, "2026-05-04|1"])(
    "a token that no page gave is refused: %j",
    async (cursor) => {
      await using home = await temporaryHome();
      await expect(listThreads({ codexHome: home.codexHome, cursor })).rejects.toMatchObject({
        code: "invalid_cursor",
      });
    },
  );

  test("only files that begin like a session in which a person has spoken are listed", async () => {
    await using home = await temporaryHome();
    const far = session(home, { before: 200 });
    session(home, { before: 250 });
    const { path } = session(home, {});
    writeFileSync(
      path,
      line("event_msg", { type: "context_compacted" }).repeat(11) + line("session_meta", {}),
    );
    await home.write({
      [`.codex/sessions/2026/05/04/rollout-2026-05-04T12-00-00-${plainId(/*digit*/ 1)}.jsonl`]: "",
      [`.codex/sessions/2026/05/04/rollout-2026-05-04T12-00-00-not-an-id.jsonl`]: "x",
      [`.codex/sessions/2026/05/04/rollout-2026-13-44T12-00-00-${plainId(/*digit*/ 2)}.jsonl`]: "x",
      ".codex/sessions/2026/05/notes.txt": "x",
      ".codex/sessions/2026/06": "x",
      ".codex/sessions/.index": "x",
    });
    await symlink(
      "nowhere",
      `${dirname(path)}/rollout-2026-05-04T12-00-01-${plainId(/*digit*/ 3)}.jsonl`,
    );
    expect(await listed(home)).toEqual([far.id]);
    expect(await listed(home, { sortKey: "updated_at" })).toEqual([far.id]);
  });

  test("heads longer than a block are read to the message", async () => {
    await using home = await temporaryHome();
    const base_instructions = { text: "é".repeat(150_000) };
    const { id } = session(home, { meta: { base_instructions }, message: "after a long head" });
    const { threads } = await listThreads({ codexHome: home.codexHome });
    expect(threads.map(({ id, preview }) => [id, preview])).toEqual([[id, "after a long head"]]);
  });

  test("filters: source kind, provider, folder and search term", async () => {
    await using home = await temporaryHome();
    await mkdir(home.join("real"));
    await symlink(home.join("real"), home.join("link"));
    const cli = session(home, { at: 0, message: "Fix the PARSER" }).id;
    const exec = session(home, { at: 1, meta: { source: "exec", model_provider: null } }).id;
    const agent = session(home, {
      at: 2,
      meta: { source: { subagent: "review" }, model_provider: "other" },
    }).id;
    const custom = session(home, {
      at: 3,
      meta: { source: { custom: "mine" }, cwd: home.join("real") },
    }).id;
    await appendThreadName(home.codexHome, exec, "The Parser, again");
    expect(await listed(home, { sources: ["cli", "subagent"] })).toEqual([agent, cli]);
    expect(await listed(home, { sources: [] })).toEqual([]);
    expect(await listed(home)).toEqual([custom, exec, cli]);
    const agents = { sources: ["subagent"] } as const;
    expect(await listed(home, { ...agents, providers: ["other"] })).toEqual([agent]);
    expect(await listed(home, { providers: ["local"] })).toEqual([custom, cli]);
    expect(await listed(home, { providers: ["local"], defaultProvider: "local" })).toEqual([
      custom,
      exec,
      cli,
    ]);
    expect(await listed(home, { ...agents, providers: ["local"] })).toEqual([]);
    expect(await listed(home, { cwd: home.join("link") })).toEqual([custom]);
    expect(await listed(home, { searchTerm: "parser" })).toEqual([exec, cli]);
    expect(await listed(home, { searchTerm: "parser", sources: ["exec"] })).toEqual([exec]);
  });

  test("a page that a filter thins out is still full, and its token goes on behind it", async () => {
    await using home = await temporaryHome();
    const ids = Array.from({ length: 9 }, (_, at) => {
      const source = at % 3 === 0 ? "exec" : "cli";
      return session(home, { at, meta: { source } }).id;
    });
    expect(await paged(home, { sources: ["exec"], pageSize: 2 })).toEqual([
      [ids[6], ids[3]],
      [ids[0]],
    ]);
  });

  test("of 5,000 sessions the first page holds the newest, and the pages hold each one once", async () => {
    await using home = await temporaryHome();
    const ids = Array.from({ length: 5000 }, (_, index) => {
      // Written in an order that has nothing to do with that of creation, over a year and more.
      const at = ((index * 1999) % 5000) * 7200;
      return session(home, { at, changed: 50_000_000 - at }).id;
    });
    const expected = ids.toSorted().toReversed();
    const first = await listThreads({ codexHome: home.codexHome });
    expect(first.threads.map(({ id }) => id)).toEqual(expected.slice(0, 25));
    const pages = await paged(home, { pageSize: 1000 });
    expect(pages.map((page) => page.length)).toEqual([1000, 1000, 1000, 1000, 1000]);
    expect(pages.flat()).toEqual(expected);
    const changed = await listThreads({ codexHome: home.codexHome, sortKey: "updated_at" });
    expect(changed.threads.map(({ id }) => id)).toEqual(expected.toReversed().slice(0, 25));
  });

  test("a listing stops when it is aborted", async () => {
    await using home = await temporaryHome();
    session(home);
    const signal = AbortSignal.abort(new Error("no longer wanted"));
    await expect(listThreads({ codexHome: home.codexHome, signal })).rejects.toThrow(
      "no longer wanted",
    );
  });

  test("sources are of one kind each", () => {
    expect(
      (["mcp", { custom: "x" }, { subagent: { other: "y" } }] as const).map(sessionSourceKind),
    ).toEqual(["mcp", "custom", "subagent"]);
  });
});

describe("names", () => {
  test("the last name of a thread counts; bad and blank lines do not", async () => {
    await using home = await temporaryHome();
    const [a, b, c] = [plainId(/*digit*/ 1), plainId(/*digit*/ 2), plainId(/*digit*/ 3)];
    await appendThreadName(home.codexHome, a, "first");
    await appendThreadName(home.codexHome, b, "  spaces around  ");
    await appendThreadName(home.codexHome, a, "second");
    const index = home.join(".codex/session_index.jsonl");
    const blank = JSON.stringify({ id: a, thread_name: "  ", updated_at: "2026-05-04T12:00:00Z" });
    await appendFile(
      index,
      `{"id":\n[]\n\n${blank}\n{"id":"x","thread_name":"y"}\n{"id":"${b}"}\n`,
    );
    expect(await readThreadNames(home.codexHome)).toEqual(
      new Map([
        [b, "spaces around"],
        [a, "second"],
      ]),
    );
    expect(await findThreadName(home.codexHome, a)).toBe("second");
    expect(await findThreadName(home.codexHome, c)).toBeNull();
  });

  test("a line is written as other programs read it, also behind one that was cut off", async () => {
    await using home = await temporaryHome();
    const index = home.join(".codex/session_index.jsonl");
    await writeFile(index, '{"id":"cut');
    const now = () => new Date(noon);
    await appendThreadName(home.codexHome, plainId(/*digit*/ 1), "näme", now);
    await appendThreadName(home.codexHome, plainId(/*digit*/ 2), "other", now);
    expect((await readFile(index, "utf8")).split("\n")).toEqual([
      '{"id":"cut',
      `{"id":"${plainId(/*digit*/ 1)}","thread_name":"näme","updated_at":"2026-05-04T12:00:00.000Z"}`,
      `{"id":"${plainId(/*digit*/ 2)}","thread_name":"other","updated_at":"2026-05-04T12:00:00.000Z"}`,
      "",
    ]);
  });

  test("names are found in an index of many blocks", async () => {
    await using home = await temporaryHome();
    const index = home.join(".codex/session_index.jsonl");
    const lines = Array.from({ length: 500 }, (_, number) =>
      JSON.stringify({ id: newThreadId(), thread_name: `näme ${number}`, updated_at: "" }),
    );
    const id = plainId(/*digit*/ 1);
    await writeFile(index, [JSON.stringify({ id, thread_name: "oldest" }), ...lines].join("\n"));
    expect(await findThreadName(home.codexHome, id)).toBe("oldest");
    expect((await readThreadNames(home.codexHome)).size).toBe(501);
  });

  test("a blank name, and a home that is not there, are refused", async () => {
    await using home = await temporaryHome();
    await expect(
      appendThreadName(home.codexHome, plainId(/*digit*/ 1), " \n"),
    ).rejects.toMatchObject({
      code: "blank_name",
    });
    await expect(
      appendThreadName(home.join("missing"), plainId(/*digit*/ 1), "x"),
    ).rejects.toMatchObject({
      code: "write_failed",
    });
  });
});

describe("finding", () => {
  test("a thread is found by its id, whatever the clock said where it was made", async () => {
    await using home = await temporaryHome();
    const sessions = [
      session(home, { at: 0 }),
      session(home, { at: 1, timeZone: "Pacific/Kiritimati" }),
      session(home, { at: 2, timeZone: "Pacific/Pago_Pago" }),
      session(home, { id: plainId(/*digit*/ 1) }),
      // A file that was copied to the folder of another day.
      session(home, { at: 3, id: newThreadId(noon + 9e9) }),
    ];
    for (const { id, path } of sessions) {
      expect(await findThreadPath(home.codexHome, id)).toBe(path);
      expect(await findThreadPath(home.codexHome, id.toUpperCase())).toBe(path);
    }
  });

  test("what is not an id, or of no session, is not found", async () => {
    await using home = await temporaryHome();
    session(home);
    expect(await findThreadPath(home.codexHome, "my thread")).toBeNull();
    expect(await findThreadPath(home.codexHome, plainId(/*digit*/ 1))).toBeNull();
    expect(await findThreadPath(home.codexHome, newThreadId())).toBeNull();
  });

  test("a name finds its present holder, the one that changed last, in the folder of its last turn", async () => {
    await using home = await temporaryHome();
    const { codexHome } = home;
    const renamed = session(home, { at: 0, changed: 900 });
    const older = session(home, { at: 1, changed: 10, turns: ["/w/app", "/w/moved"] });
    const newer = session(home, { at: 2, changed: 20 });
    await appendThreadName(codexHome, renamed.id, "parser");
    await appendThreadName(codexHome, newer.id, "parser");
    await appendThreadName(codexHome, older.id, "parser");
    await appendThreadName(codexHome, renamed.id, "lexer");
    await appendThreadName(codexHome, plainId(/*digit*/ 9), "gone");
    expect(await findThreadByName(codexHome, "parser")).toBe(newer.path);
    expect(await findThreadByName(codexHome, "parser", "/w/moved")).toBe(older.path);
    expect(await findThreadByName(codexHome, "parser", "/w/app/../app")).toBe(newer.path);
    expect(await findThreadByName(codexHome, "parser", "/elsewhere")).toBeNull();
    expect(await findThreadByName(codexHome, "Parser")).toBeNull();
    expect(await findThreadByName(codexHome, "gone")).toBeNull();
  });

  test("the latest for a folder is the one that changed last of those whose last turn was there", async () => {
    await using home = await temporaryHome();
    const { codexHome } = home;
    const folder = home.join("folder");
    await mkdir(folder);
    await symlink(folder, home.join("link"));
    const began = session(home, { at: 5, changed: 50, meta: { cwd: folder } });
    const movedHere = session(home, { at: 1, changed: 60, turns: ["/w/app", folder] });
    const movedAway = session(home, {
      at: 9,
      changed: 90,
      meta: { cwd: folder },
      turns: [folder, "/w/app"],
    });
    const other = session(home, {
      at: 2,
      changed: 95,
      meta: { cwd: folder, model_provider: "other" },
    });
    expect(await latestThreadForCwd(codexHome, { cwd: folder, provider: "local" })).toBe(
      movedHere.path,
    );
    expect(await latestThreadForCwd(codexHome, { cwd: home.join("link") })).toBe(other.path);
    expect(await latestThreadForCwd(codexHome, { provider: "local" })).toBe(movedAway.path);
    expect(await latestThreadForCwd(codexHome)).toBe(other.path);
    expect(await latestThreadForCwd(codexHome, { cwd: "/nowhere" })).toBeNull();
    utimesSync(began.path, noon / 1000 + 100, noon / 1000 + 100);
    expect(await latestThreadForCwd(codexHome, { cwd: folder, provider: "local" })).toBe(
      began.path,
    );
  });

  test("the folder of the last turn is found however much follows it", async () => {
    await using home = await temporaryHome();
    const { path } = session(home, { turns: ["/w/first", "/w/last"] });
    const filler = line("event_msg", {
      type: "agent_reasoning",
      text: 'a "turn_context" é'.repeat(9000),
    });
    await appendFile(path, `${filler.repeat(3)}{"cut off`);
    expect(await latestThreadForCwd(home.codexHome, { cwd: "/w/last" })).toBe(path);
  });
});

describe("archive", () => {
  test("an archived session is out of the listing and of the search, and comes back as changed just now", async () => {
    await using home = await temporaryHome();
    const { codexHome } = home;
    const { id, path } = session(home, { timeZone: "Asia/Kolkata" });
    const archived = await archiveThread(codexHome, path);
    expect(archived).toBe(
      home.join(`.codex/archived_sessions/rollout-2026-05-04T17-30-00-${id}.jsonl`),
    );
    expect(await listed(home)).toEqual([]);
    expect(await listed(home, { archived: true })).toEqual([id]);
    expect(await findThreadPath(codexHome, id)).toBeNull();
    expect(await findThreadPath(codexHome, id, { archived: true })).toBe(archived);
    const now = new Date("2026-06-01T00:00:00.000Z");
    expect(await unarchiveThread(codexHome, archived, () => now)).toBe(path);
    expect(statSync(path).mtime).toEqual(now);
    expect(await listed(home)).toEqual([id]);
  });

  test("a badly named file in the archive is ignored", async () => {
    await using home = await temporaryHome();
    await home.write({ ".codex/archived_sessions/rollout-old.jsonl": "x" });
    expect(await listed(home, { archived: true })).toEqual([]);
  });

  test("only session files of the home are moved", async () => {
    await using home = await temporaryHome();
    const { codexHome } = home;
    const { path } = session(home);
    const archived = await archiveThread(codexHome, path);
    const name = archived.slice(archived.lastIndexOf("/") + 1);
    await home.write({ [`.codex/sessions/notes.jsonl`]: "x", [name]: "x" });
    for (const wrong of [home.join(".codex/sessions/notes.jsonl"), home.join(name), archived]) {
      await expect(archiveThread(codexHome, wrong)).rejects.toMatchObject({
        code: "not_a_session_file",
      });
    }
    for (const wrong of [home.join(name), home.join(".codex/archived_sessions/x.jsonl")]) {
      await expect(unarchiveThread(codexHome, wrong)).rejects.toMatchObject({
        code: "not_a_session_file",
      });
    }
    await expect(archiveThread(codexHome, path)).rejects.toMatchObject({ code: "write_failed" });
    expect(await unarchiveThread(codexHome, parseAbsolutePath(archived))).toBe(path);
  });
});
