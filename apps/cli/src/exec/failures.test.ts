// What a run says, and how it ends, when the service or a command misbehaves.
import { freePort, waitFor } from "@codex-ts/test-support";
import {
  brokenStream,
  failedResponse,
  functionCall,
  httpError,
  incompleteResponse,
  inPieces,
  message,
  noAnswer,
  rawStream,
  type Reply,
  respond,
} from "@codex-ts/scripted-model";
import { describe, expect, test, beforeAll } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { cliWorld } from "../testing/cli.ts";
import type { JsonEvent } from "./json-events.ts";

beforeAll(builtCli, buildTimeoutMs);

const usageLimit = {
  error: {
    type: "usage_limit_reached",
    message: "limit",
    plan_type: "plus",
    resets_in_seconds: 60,
  },
};

function failure(events: readonly JsonEvent[]): string {
  const last = events.at(-1);
  if (last?.type !== "turn.failed") throw new Error(JSON.stringify(events));
  expect(events.filter(({ type }) => /^turn\.(?:failed|completed)$/.test(type))).toHaveLength(1);
  return last.error.message;
}

describe("the run fails, the last event says why", () => {
  const cases: readonly (readonly [name: string, reply: Reply, words: RegExp])[] = [
    [
      "400",
      httpError(/*status*/ 400, { error: { message: "bad request here" } }),
      /bad request here/,
    ],
    ["401", httpError(/*status*/ 401, { error: { message: "wrong key" } }), /401|wrong key/],
    ["403", httpError(/*status*/ 403, "<html>forbidden</html>"), /403/],
    ["404", httpError(/*status*/ 404, "nothing here"), /404/],
    ["429 usage limit", httpError(/*status*/ 429, usageLimit), /limit/i],
    [
      "429 quota",
      httpError(/*status*/ 429, { error: { code: "insufficient_quota", message: "quota" } }),
      /quota/i,
    ],
    [
      "429 not included",
      httpError(/*status*/ 429, { error: { type: "usage_not_included", message: "upgrade" } }),
      /plan|upgrade/i,
    ],
    ["429 plain", httpError(/*status*/ 429, { error: { message: "slow down" } }), /429|slow down/i],
    ["500", httpError(/*status*/ 500, "oops"), /the service has trouble/],
    [
      "503 overloaded",
      httpError(/*status*/ 503, { error: { code: "server_is_overloaded" } }),
      /at capacity/,
    ],
    ["a cut stream", brokenStream(), /^stream disconnected before completion/],
    ["an empty stream", rawStream([]), /^stream disconnected before completion/],
    ["no answer", noAnswer("cut"), /\S/],
    ["no SSE at all", rawStream(["<html>hello</html>\n\n"]), /^stream disconnected before/],
    [
      "malformed JSON in an event",
      rawStream(["event: response.created\ndata: {nonsense\n\n"]),
      /^stream disconnected before completion/,
    ],
    [
      "a failed response",
      failedResponse({ code: "context_length_exceeded", message: "too long" }),
      /context window/i,
    ],
    ["an incomplete response", incompleteResponse("content_filter"), /content_filter/],
  ];

  test.each(cases)("%s", async (_name, reply, words) => {
    await using world = await cliWorld({ script: [reply] });
    const run = await world.run(["exec", "--json", "hi"]);
    expect(failure(run.events())).toMatch(words);
    expect([run.code, run.signal]).toEqual([1, null]);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  test("a server that cannot be reached is named", async () => {
    await using world = await cliWorld({ script: [respond([])] });
    const url = `http://127.0.0.1:${await freePort()}/v1`;
    const run = await world.run([
      "exec",
      "--json",
      "-c",
      `model_providers.test.base_url="${url}"`,
      "hi",
    ]);
    expect(failure(run.events())).toMatch(/ECONNREFUSED|refused|connect/i);
    expect(run.code).toBe(1);
    const human = await world.run(["exec", "-c", `model_providers.test.base_url="${url}"`, "hi"]);
    expect([human.code, human.stdout]).toEqual([1, ""]);
    expect(human.stderr).toMatch(/^ERROR: .*$/m);
  });
});

test("retries are told and do not fail the run; 5xx and cut streams are tried again", async () => {
  await using world = await cliWorld({
    script: [
      httpError(/*status*/ 500),
      brokenStream([message("lost")]),
      respond([message("found")]),
    ],
  });
  const run = await world.run([
    "exec",
    "--json",
    "-c",
    "model_providers.test.stream_max_retries=3",
    "-c",
    "model_providers.test.request_max_retries=3",
    "hi",
  ]);
  expect(run.events().at(-1)?.type).toBe("turn.completed");
  expect(run.events().filter(({ type }) => type === "error")).toEqual([
    {
      type: "error",
      message: expect.stringMatching(/^Reconnecting\.\.\. 1\/3 \(.+\)$/) as string,
    },
  ]);
  expect(run.code).toBe(0);
});

test("unknown events, and lines cut anywhere, are no failure", async () => {
  const reply = respond([message("grüße 🎉")]);
  await using world = await cliWorld({
    script: [
      inPieces(/*size*/ 7, {
        ...reply,
        chunks: ["event: x\ndata: {}\n\n: comment\n\n", ...reply.chunks],
      }),
    ],
  });
  expect((await world.run(["exec", "hi"])).stdout).toBe("grüße 🎉\n");
});

describe("commands", () => {
  const command = (cmd: string, more: object = {}) =>
    respond([functionCall({ name: "exec_command", args: { cmd, ...more }, callId: "c1" })]);

  test("output that is not UTF-8 comes through with marks in place of the bad bytes", async () => {
    await using world = await cliWorld({
      script: [command("printf 'a\\377\\376b\\n'"), respond([message("ok")])],
    });
    const run = await world.run(["exec", "--json", "hi"]);
    const item = run.events().find(({ type }) => type === "item.completed");
    expect(item).toMatchObject({
      item: { aggregated_output: expect.stringMatching(/^a.+b\n$/) as string, exit_code: 0 },
    });
    expect(run.code).toBe(0);
  });

  test("one that never ends is left running, and ends with the run", async () => {
    await using world = await cliWorld({
      script: [
        command("echo pid $$; exec sleep 300", { yield_time_ms: 300, login: false }),
        respond([message("still running")]),
      ],
    });
    const run = await world.run(["exec", "--json", "--yolo", "hi"]);
    const answer = JSON.stringify(world.model.requests[1]?.input.at(-1));
    const pid = Number(/pid (\d+)/.exec(answer)?.[1]);
    expect(answer).toContain("Process running with session ID");
    expect(run.events().at(-1)?.type).toBe("turn.completed");
    await waitFor(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  });

  test("endless output is cut, and the run goes on", async () => {
    await using world = await cliWorld({
      script: [
        command("yes | head -c 30000000", { yield_time_ms: 20_000 }),
        respond([message("ok")]),
      ],
    });
    const run = await world.run(["exec", "--json", "hi"]);
    expect(run.code).toBe(0);
    expect(JSON.stringify(world.model.requests[1]?.input.at(-1)).length).toBeLessThan(100_000);
    expect(run.stdout.length).toBeLessThan(2_500_000);
  });
});
