// The same scripts as the released 0.118.0 ran, in one turn; its answers were recorded from requests.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import type { ResponseItem } from "@codex-ts/protocol";
import { defaultFeatures } from "@codex-ts/features";
import { customToolCall, functionCall, message, respond } from "@codex-ts/scripted-model";
import { beforeAll, expect, test } from "vitest";
import { say, threadWorld } from "./testing/thread-world.ts";

interface Call {
  readonly exec?: string;
  /** `$CELL` stands for the cell that the last answer named. */
  readonly wait?: object;
}

type Output = Extract<ResponseItem, { type: "function_call_output" | "custom_tool_call_output" }>;
type Answer = Omit<Output, "call_id"> & { readonly call_id?: undefined };

/**
 * How far an answer is the same: all of it when left out; all but the wording of the last item; that it
 * is one plain text; that it contains a text.
 */
type Sameness = "all" | "status" | "plain" | "contains";

interface ReleasedCase {
  readonly name: string;
  readonly calls: readonly Call[];
  readonly compare?: Sameness;
  readonly contains?: string;
  /** For each call what the next request had that was new: its output, and notifications. */
  readonly answers: readonly (readonly Answer[])[];
}

const file = new URL("./testing/code-mode-released.json", import.meta.url);
const cases = JSON.parse(await readFile(file, "utf8")) as readonly ReleasedCase[];
const dot =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const answers = new Map<string, readonly (readonly Answer[])[]>();

beforeAll(async () => {
  const calls = cases.flatMap((each) => each.calls.map((call) => ({ name: each.name, call })));
  const outputsOf = (input: readonly ResponseItem[]): readonly Output[] =>
    input.filter(({ type }) => type.endsWith("_call_output")) as readonly Output[];
  let seen = 0;
  let cell = "";
  await using world = await threadWorld({
    script: ({ input }, index) => {
      const outputs = outputsOf(input);
      const fresh = outputs.slice(seen).map((output) => ({ ...output, call_id: undefined }));
      seen = outputs.length;
      cell = /cell ID (\d+)/.exec(JSON.stringify(fresh))?.[1] ?? cell;
      const previous = calls[index - 1];
      if (previous !== undefined) {
        answers.set(previous.name, [...(answers.get(previous.name) ?? []), fresh]);
      }
      const next = calls[index];
      if (next === undefined) return respond([message("done")]);
      const callId = `c${index}`;
      if (next.call.exec !== undefined) {
        return respond([customToolCall({ name: "exec", input: next.call.exec, callId })]);
      }
      const args = JSON.stringify(next.call.wait).replace("$CELL", cell);
      return respond([functionCall({ name: "wait", args, callId })]);
    },
    config: { features: defaultFeatures().with({ code_mode: true }), allowLoginShell: true },
  });
  await writeFile(join(world.config.cwd, "dot.png"), Buffer.from(dot, "base64"));
  const { thread } = await world.manager.startThread(world.config);
  await say(thread, "go");
}, 60_000);

/** Without what differs from run to run, and without the frames of another engine's stacks. */
function settled(answer: Answer): Answer {
  const text = (value: string): string =>
    value
      .replace(/^Wall time \d+\.\d seconds$/m, "Wall time N seconds")
      .replace(/(?<=cell ID |exec cell )\d{1,3}\b/, "N")
      .replace(/(?:\n {4}at .*)+$/, "\n    at …");
  const { output } = answer;
  if (typeof output === "string") return { ...answer, output: text(output) };
  const parts = output.map((part) =>
    part.type === "input_text" ? { ...part, text: text(part.text) } : part,
  );
  return { ...answer, output: parts };
}

/** What of the answers is to be the same. */
function compared(
  { compare = "all", contains = "" }: ReleasedCase,
  given: ReleasedCase["answers"],
) {
  const all = given.map((each) => each.map(settled));
  const outputs = all.flat().map(({ output }) => output);
  switch (compare) {
    case "all":
      return all;
    case "status":
      return outputs.map((output) =>
        typeof output === "string" ? "" : [...output.slice(0, -1), wordedOurWay],
      );
    case "plain":
    case "contains":
      return outputs.map((output) => [
        typeof output,
        JSON.stringify(output).includes(JSON.stringify(contains).slice(1, -1)),
      ]);
  }
}

const wordedOurWay = { type: "input_text", text: "…" } as const;

test.each(cases)("$name", (released) => {
  const ours = answers.get(released.name) ?? [];
  expect(compared(released, ours)).toEqual(compared(released, released.answers));
});
