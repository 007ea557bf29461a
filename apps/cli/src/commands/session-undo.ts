// `codex-ts sessions undo`: the files as they were before a session's last turn.
import { fromAbsolute } from "@codex-ts/absolute-path";
import { readRollout } from "@codex-ts/rollout";
import { openEngine } from "../engine.ts";
import { findSession } from "../exec/find-session.ts";
import { Failure } from "../failure.ts";
import type { SessionsInvocation } from "../sessions-grammar.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";

export async function runSessionUndo(
  { config: flags, session, json }: Extract<SessionsInvocation, { command: "sessions undo" }>,
  terminal: Terminal,
): Promise<number> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  await using engine = await openEngine({ flags, terminal, cwd, source: "cli", ephemeral: false });
  const choice = { session, last: session === undefined, all: session !== undefined };
  const path = await findSession(engine, choice, cwd);
  // The snapshot is one of the folder that the session worked in, wherever this is called.
  const { items } = await readRollout(path);
  const folder = items.flatMap((line) =>
    line.type === "turn_context" || line.type === "session_meta" ? [line.payload.cwd] : [],
  );
  const there = folder.at(-1);
  const threadConfig = {
    ...engine.threadConfig,
    ...(there === undefined ? {} : { cwd: fromAbsolute(there) }),
    startupWarnings: [],
  };
  const { thread } = await engine.manager.resumeThread(threadConfig, path);
  await thread.submit({ type: "undo" });
  for await (const { msg } of thread.events()) {
    if (msg.type === "error") throw new Failure(msg.message);
    if (msg.type !== "undo_completed") continue;
    const { success, message = "" } = msg;
    await thread.shutdown();
    if (json) terminal.stdout(`${JSON.stringify({ id: thread.id, success, message }, null, 2)}\n`);
    else if (success) terminal.stdout(`${message}\n`);
    else throw new Failure(message);
    return success ? 0 : 1;
  }
  throw new Failure("the session ended before the undo was done");
}
