// What a client sees and answers of approvals, grants, questions, reviews and commands of its own.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { defaultFeatures } from "@codex-ts/features";
import type { Event, EventMsg, ResponseItem } from "@codex-ts/protocol";
import { functionCall, message, respond, type Script } from "@codex-ts/scripted-model";
import { describe, expect, test } from "vitest";
import { say, type ThreadWorld, threadWorld, turnEnded } from "./testing/thread-world.ts";
import type { Thread } from "./thread.ts";
import type { ThreadConfig } from "./thread-config.ts";

const exec = (cmd: string, callId: string, more: object = {}) =>
  functionCall({ name: "exec_command", args: { cmd, ...more }, callId });
const ended = respond([message("done")]);
const readOnly = { type: "read-only" } as const;

/** One response a turn with these calls, then the end. */
const once =
  (...calls: readonly ReturnType<typeof exec>[]): Script =>
  (_request, index) =>
    index % 2 === 0 ? respond([...calls]) : ended;

/** Says something, answers what is asked, and gives all events. */
async function answering(
  thread: Thread,
  answer: (msg: EventMsg) => Parameters<Thread["submit"]>[0] | null,
): Promise<readonly Event[]> {
  await thread.submit({ type: "user_input", items: [{ type: "text", text: "go" }] });
  const seen: Event[] = [];
  for await (const event of thread.events()) {
    seen.push(event);
    const op = answer(event.msg);
    if (op !== null) await thread.submit(op);
    if (turnEnded(event.msg)) break;
  }
  return seen;
}

const sent = (world: ThreadWorld, index: number): readonly ResponseItem[] =>
  world.model.requests[index]?.input ?? [];

const withFeatures = (
  features: Parameters<ReturnType<typeof defaultFeatures>["with"]>[0],
  config: Partial<ThreadConfig> = {},
): Partial<ThreadConfig> => ({ features: defaultFeatures().with(features), ...config });

describe("allowing for good", () => {
  test("is offered in the event, saved by the answer, told to the model, and not asked again", async () => {
    await using world = await threadWorld({
      script: once(exec("no-such-program --flag", "c1")),
      config: { approvalPolicy: "untrusted", sandboxPolicy: readOnly },
    });
    const { thread } = await world.manager.startThread(world.config);
    const amendment = {
      approved_execpolicy_amendment: {
        proposed_execpolicy_amendment: ["no-such-program", "--flag"],
      },
    };
    const events = await answering(thread, (msg) => {
      if (msg.type !== "exec_approval_request") return null;
      expect(msg).toMatchObject({
        proposed_execpolicy_amendment: ["no-such-program", "--flag"],
        available_decisions: ["approved", "approved_for_session", amendment, "abort"],
      });
      return { type: "exec_approval", id: msg.call_id, decision: amendment };
    });
    expect(events.filter(({ msg }) => msg.type === "exec_approval_request")).toHaveLength(1);
    const home = join(world.config.cwd, "../home");
    expect(await readFile(join(home, "rules/default.rules"), "utf8")).toBe(
      'prefix_rule(pattern=["no-such-program", "--flag"], decision="allow")\n',
    );
    expect(sent(world, /*index*/ 1).at(-1)).toMatchObject({
      role: "developer",
      content: [{ text: expect.stringMatching(/- \["no-such-program", "--flag"\]$/) as string }],
    });
    const again = await say(thread, "again");
    const allowed = sent(world, /*index*/ 2).flatMap((item) =>
      item.type === "message" && item.role === "developer"
        ? item.content.flatMap((part) =>
            part.type === "input_text" && part.text.startsWith("<allowed_commands>")
              ? [part.text]
              : [],
          )
        : [],
    );
    expect(allowed).toEqual([
      expect.stringContaining('outside the sandbox:\n- ["no-such-program", "--flag"]\n'),
    ]);
    expect(again.filter(({ msg }) => msg.type === "exec_approval_request")).toEqual([]);
  });
});

describe("request_permissions", () => {
  test("is answered by an op, cut down to what was asked, and its grant ends with its scope", async () => {
    for (const scope of ["turn", "session"] as const) {
      const ask = functionCall({
        name: "request_permissions",
        args: { permissions: { file_system: { write: ["sub"] } } },
        callId: "p1",
      });
      await using world = await threadWorld({
        script: (_request, index) =>
          [
            respond([ask]),
            respond([exec("mkdir -p sub && echo one > sub/one", "c1")]),
            ended,
            respond([exec("echo two > sub/two", "c2")]),
            ended,
          ][index] ?? ended,
        config: withFeatures(
          { request_permissions_tool: true },
          { approvalPolicy: "on-request", sandboxPolicy: readOnly },
        ),
      });
      await mkdir(join(world.config.cwd, "sub"));
      const sub = join(world.config.cwd, "sub");
      const { thread } = await world.manager.startThread(world.config);
      const events = await answering(thread, (msg) => {
        if (msg.type !== "request_permissions") return null;
        expect(msg).toMatchObject({
          call_id: "p1",
          permissions: { file_system: { write: [sub] } },
        });
        const permissions = { network: { enabled: true }, file_system: { write: [sub, "/etc"] } };
        return { type: "request_permissions_response", id: "p1", response: { permissions, scope } };
      });
      expect(events.filter(({ msg }) => msg.type === "request_permissions")).toHaveLength(1);
      expect(sent(world, /*index*/ 1).at(-1)).toMatchObject({
        output: JSON.stringify({ permissions: { file_system: { write: [sub] } }, scope }),
      });
      expect(await readFile(join(sub, "one"), "utf8")).toBe("one\n");
      await say(thread, "again");
      const second = await readFile(join(sub, "two"), "utf8").catch(() => null);
      expect(second).toBe(scope === "session" ? "two\n" : null);
    }
  });
});

describe("request_user_input", () => {
  const question = {
    id: "q",
    header: "Which",
    question: "Which one?",
    options: [{ label: "A", description: "a" }],
  };

  test("is answered by an op, by the id of the call or of the turn", async () => {
    await using world = await threadWorld({
      script: once(
        functionCall({ name: "request_user_input", args: { questions: [question] }, callId: "u1" }),
      ),
      config: withFeatures({ default_mode_request_user_input: true }),
      source: "cli",
    });
    const { thread } = await world.manager.startThread(world.config);
    const answers = { q: { answers: ["A"] } };
    for (const by of ["call_id", "turn_id"] as const) {
      await answering(thread, (msg) =>
        msg.type === "request_user_input"
          ? { type: "user_input_answer", id: msg[by], response: { answers } }
          : null,
      );
    }
    const outputs = sent(world, /*index*/ 3).filter(({ type }) => type === "function_call_output");
    expect(outputs).toMatchObject([1, 2].map(() => ({ output: JSON.stringify({ answers }) })));
  });
});

describe("a reviewer in the person's place", () => {
  const escalated = exec("(echo done)", "c1", { sandbox_permissions: "require_escalated" });
  const config = {
    approvalPolicy: "on-request",
    approvalsReviewer: "guardian_subagent",
    sandboxPolicy: readOnly,
  } as const;
  const assessment = (risk_level: string, risk_score: number): string =>
    JSON.stringify({ risk_level, risk_score, rationale: "because", evidence: [] });
  const fieldOf = ({ body }: { readonly body: unknown }, name: string): unknown =>
    (body as Readonly<Record<string, unknown>>)[name];
  const isReview = (request: { readonly body: unknown }): boolean =>
    String(fieldOf(request, "instructions")).startsWith("You review single actions");

  test("looks at local state, read-only, and approves; the second review knows the first", async () => {
    let reviews = 0;
    const looked: string[] = [];
    await using world = await threadWorld({
      script: (request) => {
        const last = request.input.at(-1);
        if (!isReview(request)) {
          return last?.type === "message" ? respond([escalated]) : ended;
        }
        if (last?.type === "message") {
          reviews += 1;
          return respond([exec("echo x > changed; pwd", `r${reviews}`)]);
        }
        if (last?.type === "function_call_output") looked.push(JSON.stringify(last.output));
        return respond([message(`It is fine: ${assessment("low", /*risk_score*/ 5)}`)]);
      },
      config,
    });
    const { thread } = await world.manager.startThread(world.config);
    const events = await say(thread, "do it");
    expect(events.filter(({ msg }) => msg.type === "exec_approval_request")).toEqual([]);
    expect(
      events.flatMap(({ msg }) => (msg.type === "guardian_assessment" ? [msg.status] : [])),
    ).toEqual(["in_progress", "approved"]);
    expect(looked).toEqual([expect.stringMatching(/Read-only file system/)]);
    await say(thread, "again");
    const requests = world.model.requests.filter(isReview);
    const texts = JSON.stringify(requests.at(-1)?.input);
    expect(texts).toMatch(/user: do it/);
    expect(texts).toMatch(/This is another review/);
    expect(new Set(requests.map((request) => fieldOf(request, "prompt_cache_key"))).size).toBe(1);
  });

  test("denies for a high risk, and when the answer is none", async () => {
    for (const [answer, reason] of [
      [assessment("high", /*risk_score*/ 95), /risk is unacceptable: because/],
      ["I would rather not say", /the review failed: the reviewer's answer is not JSON/],
    ] as const) {
      await using world = await threadWorld({
        script: (request) => {
          if (isReview(request)) return respond([message(answer)]);
          return request.input.at(-1)?.type === "message" ? respond([escalated]) : ended;
        },
        config,
      });
      const { thread } = await world.manager.startThread(world.config);
      await say(thread, "do it");
      expect(sent(world, /*index*/ 2).at(-1)).toMatchObject({
        output: expect.stringMatching(reason) as string,
      });
    }
  });
});

describe("a command of the person's own", () => {
  const record = (world: ThreadWorld, index: number): string =>
    JSON.stringify(
      sent(world, index).filter((item) => JSON.stringify(item).includes("<user_shell_command>")),
    );

  test("is a turn of its own when none runs, unconfined and unasked, and the next one knows it", async () => {
    await using world = await threadWorld({
      script: () => ended,
      config: { approvalPolicy: "untrusted", sandboxPolicy: readOnly },
    });
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "run_user_shell_command", command: "echo hi > made; cat made" });
    const seen: EventMsg[] = [];
    for await (const { msg } of thread.events()) {
      seen.push(msg);
      if (turnEnded(msg)) break;
    }
    const types = seen.map(({ type }) => type).filter((type) => type !== "session_configured");
    expect(types).toEqual([
      "task_started",
      "exec_command_begin",
      "exec_command_output_delta",
      "exec_command_end",
      "raw_response_item",
      "task_complete",
    ]);
    expect(seen.find(({ type }) => type === "exec_command_end")).toMatchObject({
      source: "user_shell",
      exit_code: 0,
      aggregated_output: "hi\n",
    });
    await say(thread, "and now?");
    expect(record(world, /*index*/ 0)).toMatch(
      /<command>\\necho hi > made; cat made\\n<\/command>\\n<result>\\nExit code: 0\\nDuration: \d+\.\d{4} seconds\\nOutput:\\nhi\\n\\n<\/result>/,
    );
  });

  test("runs beside a turn, and is told to the model with its next request", async () => {
    await using world = await threadWorld({
      script: once(exec("until [ -e go ]; do sleep 0.02; done", "c1")),
    });
    const { thread } = await world.manager.startThread(world.config);
    const events = await answering(thread, (msg) =>
      msg.type === "exec_command_begin" && msg.call_id === "c1"
        ? { type: "run_user_shell_command", command: "touch go; echo beside" }
        : null,
    );
    expect(events.filter(({ msg }) => msg.type === "task_started")).toHaveLength(1);
    expect(record(world, world.model.requests.length - 1)).toMatch(/beside/);
  });

  test("an interrupt ends it, and it is still recorded", async () => {
    await using world = await threadWorld({ script: () => ended });
    const { thread } = await world.manager.startThread(world.config);
    await thread.submit({ type: "run_user_shell_command", command: "sleep 60" });
    for await (const { msg } of thread.events()) {
      if (msg.type === "exec_command_begin") await thread.submit({ type: "interrupt" });
      if (msg.type === "turn_aborted") break;
    }
    await say(thread, "and now?");
    expect(record(world, /*index*/ 0)).toMatch(/Exit code: -1\\n.*command aborted by user/);
  });
});
