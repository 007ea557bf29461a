import type { ResponseItem } from "@codex-ts/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResponsesRequest } from "./contract.ts";
import { createRequestHasher } from "./server-memory.ts";
import { request as base } from "./testing/scripted-client.ts";

const user = (text: string): ResponseItem => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});
const said = (text: string): ResponseItem => ({
  type: "message",
  id: `msg_${text}`,
  role: "assistant",
  content: [{ type: "output_text", text }],
});
const copy = (item: ResponseItem): ResponseItem => structuredClone(item);
const request = (
  input: readonly ResponseItem[],
  more: Partial<ResponsesRequest> = {},
): ResponsesRequest => ({ ...base, input, ...more });

describe("a request after a response", () => {
  const hash = createRequestHasher();
  const first = [user("a"), user("b")];
  const memory = hash(request(first)).completedBy("r1", [said("c")]);

  it("that goes on from there sends the rest, which may be nothing", () => {
    const then = [...first, said("c"), user("d")];
    expect(hash(request(then)).after(memory)).toEqual({
      previousResponseId: "r1",
      input: [user("d")],
    });
    expect(hash(request(then.slice(0, 3))).after(memory)).toEqual({
      previousResponseId: "r1",
      input: [],
    });
  });

  it("is known by what is sent, not by the objects or ids that only we know", () => {
    const { id: _id, ...without } = said("c") as { id?: string } & ResponseItem;
    const then = [...first.map(copy), without as ResponseItem, user("d")];
    expect(hash(request(then)).after(memory)?.input).toEqual([user("d")]);
  });

  it("that differs anywhere before its new items is sent whole", () => {
    const then = [...first, said("c"), user("d")];
    const other: readonly ResponsesRequest[] = [
      request(then.slice(1)),
      request([user("a"), user("x"), said("c")]),
      request([user("b"), user("a"), said("c")]),
      request([...first, said("other"), user("d")]),
      request(first),
      request(then, { instructions: "else" }),
      request(then, { model: "m-2" }),
      request(then, { service_tier: "flex" }),
      request(then, { reasoning: { effort: "high" } }),
      request(then, { tools: [{ type: "custom", name: "t" } as never] }),
      request(then, { parallel_tool_calls: true }),
    ];
    for (const changed of other) expect(hash(changed).after(memory)).toBeUndefined();
    expect(hash(request(then)).after(/*memory*/ undefined)).toBeUndefined();
  });

  it("without an id cannot be built upon", () => {
    expect(hash(request(first)).completedBy("", [])).toBeUndefined();
  });
});

it("what is sent, behind what the server has, is always the whole input", () => {
  const texts = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 6 });
  const turns = fc.array(fc.record({ input: texts, output: texts, edit: fc.nat(3) }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(turns, (steps) => {
      const hash = createRequestHasher();
      let memory: ReturnType<ReturnType<typeof hash>["completedBy"]>;
      let server: readonly ResponseItem[] = [];
      let history: ResponseItem[] = [];
      for (const [index, { input, output, edit }] of steps.entries()) {
        // Now and then something before the end changes, as a rollback or a compaction does.
        if (edit === 0) history = history.slice(1);
        history = [...history, ...input.map(user)];
        const hashed = hash(request(history));
        const continuation = hashed.after(memory);
        const read = continuation === undefined ? history : [...server, ...continuation.input];
        expect(read).toEqual(history);
        const answer = output.map(said);
        memory = hashed.completedBy(`r${index}`, answer);
        server = [...read, ...answer];
        history = [...history, ...answer];
      }
    }),
  );
});
