// `codex-ts exec`: one turn without a user interface.
import nodePath from "node:path";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { findRepositoryRoot } from "@codex-ts/git-utils";
import { reviewHint } from "@codex-ts/core";
import type { Op, UserInput } from "@codex-ts/protocol";
import { openEngine, type Engine } from "../engine.ts";
import { Failure } from "../failure.ts";
import type { Invocation } from "../program.ts";
import { drainStdin, type Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";
import { PromptError, readPrompt } from "./prompt.ts";
import { readImages, readOutputSchema } from "./run-files.ts";
import { followTurn } from "./follow-turn.ts";
import { findSession } from "./find-session.ts";
import { failedStart } from "./json-events.ts";
import { reviewTarget } from "./review-target.ts";
import { limitAnswers, type LimitReached } from "./run-limits.ts";
import { withSmallYoungGeneration } from "./young-generation.ts";

export type ExecInvocation = Extract<Invocation, { readonly command: "exec" }>;

/** Runs the command. With `--json`, a run that cannot start says so in the stream as well. */
export async function runExec(invocation: ExecInvocation, terminal: Terminal): Promise<number> {
  let isStarted = false;
  try {
    return await startRun(invocation, terminal, () => {
      isStarted = true;
    });
  } catch (error) {
    if (invocation.exec.json === true && !isStarted) {
      // A reader may end us at this event; by then it must have got rid of what it wrote.
      await drainStdin();
      terminal.stdout(`${JSON.stringify(failedStart(error))}\n`);
    }
    throw error;
  }
}

/** Everything that can be wrong with the invocation is found before a thread exists. */
async function startRun(
  invocation: ExecInvocation,
  terminal: Terminal,
  onStart: () => void,
): Promise<number> {
  const { exec, resume } = invocation;
  const { maxTurns } = exec;
  let reached: LimitReached | null = null;
  const cwd = await workingFolder(invocation.config.cd, terminal.cwd);
  await using engine = await openEngine({
    flags: invocation.config,
    terminal,
    cwd,
    source: "exec",
    ephemeral: exec.ephemeral === true,
    wrapClient:
      maxTurns === undefined
        ? undefined
        : (client) =>
            limitAnswers(client, maxTurns, (limit) => {
              reached = limit;
            }),
  });
  if (exec.skipGitRepoCheck !== true && invocation.config.bypass !== true) {
    await requireRepository(cwd);
  }
  const { op, prompt } = await turnOf(invocation, terminal, cwd);
  const session = resume === undefined ? null : await findSession(engine, resume, cwd);
  // Awaited here: the engine must live until the turn is over.
  return await runTurn(engine, invocation, terminal, {
    session,
    op,
    prompt,
    onStart,
    limitReached: () => reached,
  });
}

async function runTurn(
  engine: Engine,
  { exec }: ExecInvocation,
  terminal: Terminal,
  turn: {
    readonly session: AbsolutePath | null;
    readonly op: Op;
    readonly prompt: string;
    readonly onStart: () => void;
    readonly limitReached: () => LimitReached | null;
  },
): Promise<number> {
  const { manager, threadConfig } = engine;
  const { session } = turn;
  const { thread } =
    session === null
      ? await manager.startThread(threadConfig)
      : await withSmallYoungGeneration(() => manager.resumeThread(threadConfig, session));
  turn.onStart();
  return followTurn({
    engine,
    thread,
    terminal,
    op: turn.op,
    prompt: turn.prompt,
    json: exec.json === true,
    color: exec.color,
    limits: {
      timeoutMs: exec.timeout ?? null,
      failOnDenied: exec.failOnDenied === true,
      reached: turn.limitReached,
    },
    lastMessageFile:
      exec.outputLastMessage === undefined
        ? null
        : nodePath.resolve(terminal.cwd, exec.outputLastMessage),
  });
}

/** What starts the turn, and what it is about for people. */
async function turnOf(
  invocation: ExecInvocation,
  terminal: Terminal,
  cwd: AbsolutePath,
): Promise<{ readonly op: Op; readonly prompt: string }> {
  const { exec, review, prompt: argument } = invocation;
  if (review !== undefined) {
    const unused = exec.images.length > 0 ? "--image" : exec.outputSchema && "--output-schema";
    if (unused !== undefined) throw new Failure(`a review takes no ${unused}`, { exitCode: 2 });
    const target = await reviewTarget(review, argument, () => promptOf(invocation, terminal));
    const prompt = reviewHint(target);
    return { op: { type: "review", review_request: { target, user_facing_hint: prompt } }, prompt };
  }
  const outputSchema = await readOutputSchema(exec.outputSchema, cwd);
  const images = await readImages(exec.images, cwd);
  const prompt = await promptOf(invocation, terminal);
  const items: readonly UserInput[] = [
    ...images,
    { type: "text", text: prompt, text_elements: [] },
  ];
  return { op: { type: "user_input", items, final_output_json_schema: outputSchema }, prompt };
}

async function requireRepository(cwd: AbsolutePath): Promise<void> {
  if ((await findRepositoryRoot(cwd)) !== null) return;
  throw new Failure(
    `${cwd} is not inside a git repository, where changes could be undone. Run git init, or pass --skip-git-repo-check to work here all the same.`,
  );
}

async function promptOf(invocation: ExecInvocation, terminal: Terminal): Promise<string> {
  try {
    return await readPrompt({
      argument: invocation.prompt,
      stdinIsTerminal: terminal.stdinIsTerminal,
      readStdin: terminal.readStdin,
      note: (text) => terminal.stderr(`${text}\n`),
    });
  } catch (error) {
    if (error instanceof PromptError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}
