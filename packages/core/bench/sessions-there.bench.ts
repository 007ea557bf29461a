// Sessions go on in either program, whoever made them: what the other one sends next is held against what
// we send next. Ours are made anew in each run; those of the released program are the fixtures of the tests.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname } from "node:path";
import { promisify } from "node:util";
import { type AbsolutePath, join, parseAbsolutePath } from "@codex-ts/absolute-path";
import type { ResponseItem } from "@codex-ts/protocol";
import { readRollout } from "@codex-ts/rollout";
import { message, type ReceivedRequest, type Reply, respond } from "@codex-ts/scripted-model";
import type { Thread } from "../src/index.ts";
import { eventsUntil, say, type ThreadWorld, threadWorld } from "../src/testing/thread-world.ts";
import { type AppServer, startAppServer } from "./app-server-client.ts";
import { knownOfReleased, type SessionKind, sessionKinds, type Way } from "./session-kinds.ts";

const ways: readonly Way[] = ["resume", "rollback", "fork"];
const releasedSessions = join(
  parseAbsolutePath(import.meta.dirname),
  "../src/testing/released-0.118.0",
);
const FIRST = "hello to begin with";

/** The message that a session goes on with; it says which request is to be looked at. */
const markOf = (way: Way, where: "here" | "there"): string => `go on with the ${way} ${where}`;
const marks = ways.flatMap((way) => [markOf(way, "here"), markOf(way, "there")]);

interface Comparison {
  readonly kind: string;
  readonly way: Way;
  /** Items of our request. */
  readonly items: number;
  /** Of these, context that either program words in its own way. */
  readonly ownWords: number;
  /** Items that one has and the other has not, or has differently. */
  readonly differences: readonly string[];
  readonly known: string | undefined;
}

/** A session of each kind that we make. */
async function compareKind(kind: SessionKind, released: string): Promise<readonly Comparison[]> {
  let asked = 0;
  await using world = await worldFor(kind, (last) => {
    const isPartOfKind = ![...marks, FIRST].some((mark) => last.includes(mark));
    return isPartOfKind ? kind.replies[asked++] : undefined;
  });
  const thread = await kind.make(world, async (settings) => {
    const started = await world.manager.startThread({ ...world.config, ...settings });
    await say(started.thread, FIRST);
    return started.thread;
  });
  await thread.shutdown();
  const path = thread.rolloutPath;
  if (path === null) throw new Error(`the session "${kind.name}" has no file`);
  return await compareWays(world, path, { ...kind, released });
}

/** A session that the released program made. */
async function compareFile(path: AbsolutePath, released: string): Promise<readonly Comparison[]> {
  await using world = await worldFor({}, () => undefined);
  const kind = basename(path, ".jsonl");
  const named = await sessionFileName(path);
  const copy = join(world.config.cwd, "2026", "01", "02", named);
  await mkdir(dirname(copy), { recursive: true });
  await cp(path, copy);
  return await compareWays(world, copy, {
    name: `theirs: ${kind}`,
    known: knownOfReleased[kind],
    released,
  });
}

function worldFor(
  { options }: Pick<SessionKind, "options">,
  script: (last: string) => Reply | undefined,
): Promise<ThreadWorld> {
  return threadWorld({
    ...options,
    config: { modelProviderId: "bench", host: { timezone: undefined } },
    script: ({ input }) => script(JSON.stringify(input.at(-1) ?? null)) ?? respond([message("ok")]),
  });
}

async function compareWays(
  world: ThreadWorld,
  path: AbsolutePath,
  session: Pick<SessionKind, "name" | "known"> & { readonly released: string },
): Promise<readonly Comparison[]> {
  const { name, known, released } = session;
  // Not below the system's temporary folder, which the released program refuses.
  const root = parseAbsolutePath(await mkdtemp(`${homedir()}/.codex-ts-sessions-`));
  try {
    const comparisons: Comparison[] = [];
    for (const way of ways) {
      const here = await goOnHere(world, path, join(root, `${way}-here`), way);
      const there = await goOnThere(world, path, join(root, `${way}-there`), { way, released });
      comparisons.push({ kind: name, way, ...compare(here, there), known: known?.[way] });
    }
    return comparisons;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A home that holds the session alone, and the copy's path. */
async function homeWith(path: AbsolutePath, home: AbsolutePath, url: string) {
  const dated = dirname(path).split("/").slice(-3);
  const copy = dated.reduce<AbsolutePath>(
    (folder, part) => join(folder, part),
    join(home, "sessions"),
  );
  await mkdir(copy, { recursive: true });
  await cp(path, join(copy, basename(path)));
  await writeFile(
    join(home, "config.toml"),
    `model = "gpt-5.2-codex"
model_provider = "bench"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
personality = "none"
[skills.bundled]
enabled = false
[model_providers.bench]
name = "Bench"
base_url = "${url}"
request_max_retries = 0
stream_max_retries = 0
`,
  );
  return join(copy, basename(path));
}

/** The name that a session file of that id has. */
async function sessionFileName(path: AbsolutePath): Promise<string> {
  const { meta } = await readRollout(path);
  return `rollout-2026-01-02T03-04-05-${meta.id}.jsonl`;
}

/** The request that carries the mark. */
function requestWith(world: ThreadWorld, mark: string): ReceivedRequest {
  const request = world.model.requests.find(({ input }) =>
    JSON.stringify(input.at(-1) ?? null).includes(mark),
  );
  if (request === undefined) throw new Error(`no request says "${mark}"`);
  return request;
}

async function goOnHere(
  world: ThreadWorld,
  path: AbsolutePath,
  home: AbsolutePath,
  way: Way,
): Promise<readonly ResponseItem[]> {
  const copy = await homeWith(path, home, world.model.url);
  const { manager } = world;
  const config = { ...world.config, host: { ...world.config.host, codexHome: home } };
  const { thread } =
    way === "fork"
      ? await manager.forkThread(config, copy)
      : await manager.resumeThread(config, copy);
  if (way === "rollback") await rollBack(thread);
  const mark = markOf(way, "here");
  await say(thread, mark);
  await thread.shutdown();
  return requestWith(world, mark).input;
}

async function rollBack(thread: Thread): Promise<void> {
  await thread.submit({ type: "thread_rollback", num_turns: 1 });
  await eventsUntil(thread, ({ type }) => type === "thread_rolled_back");
}

async function goOnThere(
  world: ThreadWorld,
  path: AbsolutePath,
  home: AbsolutePath,
  { way, released }: { readonly way: Way; readonly released: string },
): Promise<readonly ResponseItem[]> {
  await homeWith(path, home, world.model.url);
  const { cwd } = world.config;
  const env = {
    PATH: process.env["PATH"],
    HOME: dirname(cwd),
    CODEX_HOME: home,
    SHELL: "/bin/bash",
  };
  const id = /rollout-.{19}-(.*)\.jsonl$/.exec(path)?.[1] ?? "";
  const mark = markOf(way, "there");
  if (way === "resume") {
    const run = promisify(execFile)(
      released,
      ["exec", "--json", "--skip-git-repo-check", "resume", id, mark],
      { cwd, env },
    );
    run.child.stdin?.end();
    await run;
  } else {
    await using server = await startAppServer(released, { cwd, env });
    await turnThere(server, { id, way, mark, cwd });
  }
  return requestWith(world, mark).input;
}

async function turnThere(
  server: AppServer,
  turn: { readonly id: string; readonly way: Way; readonly mark: string; readonly cwd: string },
): Promise<void> {
  const { id, way, mark, cwd } = turn;
  const opened = await server.call(way === "fork" ? "thread/fork" : "thread/resume", {
    threadId: id,
    cwd,
  });
  const { id: threadId } = opened["thread"] as { readonly id: string };
  if (way === "rollback") await server.call("thread/rollback", { threadId, numTurns: 1 });
  const completed = server.next("turn/completed");
  await server.call("turn/start", { threadId, input: [{ type: "text", text: mark }] });
  await completed;
}

/** Held against each other from the front: what one lacks is looked for further on in the other. */
function compare(
  here: readonly ResponseItem[],
  there: readonly ResponseItem[],
): Pick<Comparison, "items" | "ownWords" | "differences"> {
  const ours = here.map(comparable);
  const theirs = there.map(comparable);
  const differences: string[] = [];
  let ownWords = 0;
  let next = 0;
  for (const our of ours) {
    const at = theirs.findIndex(({ key }, index) => index >= next && key === our.key);
    if (at === -1) {
      differences.push(`here alone:  ${our.key}`);
      continue;
    }
    for (const their of theirs.slice(next, at)) differences.push(`there alone: ${their.key}`);
    if (our.text !== theirs[at]?.text) ownWords += 1;
    next = at + 1;
  }
  for (const their of theirs.slice(next)) differences.push(`there alone: ${their.key}`);
  return { items: here.length, ownWords, differences };
}

/** The same with its keys in order: the order in which they are written does not matter. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

/**
 * What must be the same of an item: everything; but of context, which each program words itself, only
 * which sections there are, and of the last message not who says it.
 */
function comparable(item: ResponseItem): { readonly key: string; readonly text: string } {
  const text = JSON.stringify(sorted(item)).replace(/(go on with the \w+) (?:here|there)/, "$1");
  if (item.type !== "message" || item.role === "assistant") return { key: text, text };
  const sections = item.content.map((part) =>
    part.type === "input_image"
      ? null
      : (/^<(permissions instructions|model_switch|collaboration_mode|personality_spec|skills_instructions)>/.exec(
          part.text,
        )?.[0] ?? null),
  );
  const isContext = item.role === "developer" && sections.some((section) => section !== null);
  return {
    key: isContext ? `developer ${sections.join(", ")}` : text,
    text,
  };
}

export const benchmark = {
  name: "sessions-there",
  question:
    "Does another build (--against) send what we send when it goes on with a session of ours or its own: resumed, rolled back, forked?",
  async report({ against }: { readonly against: string | undefined }) {
    if (against === undefined) {
      return { text: "give the other build with --against PATH", data: null };
    }
    const comparisons: Comparison[] = [];
    for (const kind of sessionKinds) comparisons.push(...(await compareKind(kind, against)));
    for (const name of (await readdir(releasedSessions)).toSorted()) {
      comparisons.push(...(await compareFile(join(releasedSessions, name), against)));
    }
    const lines = comparisons.flatMap(({ kind, way, items, ownWords, differences, known }) => [
      [
        kind.padEnd(28),
        way.padEnd(9),
        `${items} items`.padStart(9),
        `${ownWords} in own words`.padStart(15),
        differences.length === 0
          ? "  same"
          : known === undefined
            ? `  ${differences.length} DIFFER`
            : `  ${differences.length} differ, as known: ${known}`,
      ].join(" "),
      ...(known === undefined ? differences : []).map((each) => `    ${each.slice(0, 300)}`),
    ]);
    const failed = comparisons.filter(
      ({ differences, known }) => differences.length > 0 && known === undefined,
    );
    const total = `${comparisons.length / ways.length} sessions in ${comparisons.length} ways: ${failed.length} differ (bound: 0)`;
    return { text: [...lines, total].join("\n"), data: comparisons };
  },
};
