import { temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { createRequestUserInputTool } from "./request-user-input.ts";
import type { UserInputAnswers, UserInputRequest } from "./tool.ts";
import { testTurn } from "./tool-context.fixture.ts";

const inPlanMode = createRequestUserInputTool({ inDefaultMode: false });
const always = createRequestUserInputTool({ inDefaultMode: true });
const question = {
  id: "db",
  header: "Database",
  question: "Which one?",
  options: [
    { label: "SQLite (Recommended)", description: "One file." },
    { label: "Postgres", description: "A server." },
  ],
};

async function turnAnswering(answers: UserInputAnswers, planMode = false) {
  const asked: UserInputRequest[] = [];
  const turn = testTurn(await temporaryDirectory(), {
    planMode,
    askUserInput: async (request) => {
      asked.push(request);
      return answers;
    },
  });
  return Object.assign(turn, { asked });
}

test("the questions are put to the person, who may always answer freely, and the answers returned", async () => {
  const answers = { db: { answers: ["Postgres"] } };
  await using turn = await turnAnswering(answers);
  const output = await turn.run(always, { questions: [question] });
  expect(JSON.parse(String(output))).toEqual({ answers });
  expect(turn.asked).toEqual([
    { callId: "call-1", questions: [{ ...question, isOther: true, isSecret: false }] },
  ]);
});

test("who gives no answer cancels the call", async () => {
  await using turn = await turnAnswering(/*answers*/ null);
  expect(await turn.run(always, { questions: [question] })).toMatch(/was cancelled/);
});

test("outside of plan mode it is refused unless it is for every mode", async () => {
  await using turn = await turnAnswering({});
  const refusal = "request_user_input is not available in default mode";
  expect(await turn.run(inPlanMode, { questions: [question] })).toBe(refusal);
  await using planning = await turnAnswering({}, /*planMode*/ true);
  expect(await planning.run(inPlanMode, { questions: [question] })).toBe('{"answers":{}}');
});

test.each([
  [{ questions: [{ ...question, options: [] }] }, /needs options for every question/],
  [{ questions: [{ ...question, options: undefined }] }, /missing field `questions\[0\].options`/],
  [{ questions: [] }, /needs at least one question/],
])("%# is refused", async (args, message) => {
  await using turn = await turnAnswering({});
  expect(await turn.run(always, args)).toMatch(message);
  expect(turn.asked).toEqual([]);
});
