import { describe, expect, test } from "vitest";
import {
  type AssistantTextPiece,
  AssistantTextStream,
  readAssistantText,
} from "./assistant-text.ts";

const PLAN = "<proposed_plan>\n# Plan\n- a\n</proposed_plan>\n";
const CITATION =
  "<oai-mem-citation>\n<citation_entries>\nMEMORY.md:1-3|note=[why]\n</citation_entries>\n<rollout_ids>\nid-1\n</rollout_ids>\n</oai-mem-citation>";
const cited = {
  entries: [{ path: "MEMORY.md", lineStart: 1, lineEnd: 3, note: "why" }],
  rolloutIds: ["id-1"],
};

function read(raw: string, plans = true) {
  const { text, plan } = readAssistantText(raw, { plans });
  return plan === null ? { text } : { text, plan };
}

function stream(deltas: readonly string[], plans = true): readonly AssistantTextPiece[] {
  const reading = new AssistantTextStream({ plans });
  return [...deltas.flatMap((delta) => reading.push(delta)), ...reading.end()];
}

describe("a proposed plan", () => {
  test("is taken out of the text around it", () => {
    expect(read(`Before\n${PLAN}After\n`)).toEqual({
      text: "Before\nAfter\n",
      plan: "# Plan\n- a\n",
    });
  });

  test("is ordinary text where plans are not looked for", () => {
    expect(read(`a\n${PLAN}b`, /*plans*/ false)).toEqual({ text: `a\n${PLAN}b` });
  });

  test("that is not closed goes on to the end of the message", () => {
    expect(read("Hi\n<proposed_plan>\n# Plan\n- a")).toEqual({ text: "Hi\n", plan: "# Plan\n- a" });
    expect(read("Hi\n<proposed_plan>")).toEqual({ text: "Hi\n", plan: "" });
  });

  test("may be closed by the last line, without a line break", () => {
    expect(read("<proposed_plan>\nx\n</proposed_plan>")).toEqual({ text: "", plan: "x\n" });
  });

  test("may hold nothing", () => {
    expect(read("a\n<proposed_plan>\n</proposed_plan>\nb")).toEqual({ text: "a\nb", plan: "" });
  });

  test("is the last one when there are several", () => {
    expect(read(`a\n${PLAN}b\n<proposed_plan>\ntwo\n</proposed_plan>\nc`)).toEqual({
      text: "a\nb\nc",
      plan: "two\n",
    });
  });

  test.each([
    ["a tag among other words", "Hi <proposed_plan> x </proposed_plan> there\n"],
    ["a tag with words behind it", "<proposed_plan> extra\nfoo\n</proposed_plan>\nend"],
    ["a tag with words before it", "x <proposed_plan>\nfoo\n"],
    ["a closing tag alone", "a\n</proposed_plan>\nb"],
    ["half a tag", "a\n<propo"],
    ["a tag in capitals", "<PROPOSED_PLAN>\nx\n</PROPOSED_PLAN>\n"],
  ])("is not begun by %s", (_, raw) => {
    expect(read(raw)).toEqual({ text: raw });
  });

  test("is not closed by a tag with words behind it", () => {
    expect(read("<proposed_plan>\nx\n</proposed_plan> no\ny\n</proposed_plan>\nend")).toEqual({
      text: "end",
      plan: "x\n</proposed_plan> no\ny\n",
    });
  });

  test("may have blanks around its tags, and Windows line ends", () => {
    expect(read("Hi\n  <proposed_plan>  \n x\n\t</proposed_plan> \nend")).toEqual({
      text: "Hi\nend",
      plan: " x\n",
    });
    expect(read("a\r\n<proposed_plan>\r\nx\r\n</proposed_plan>\r\nb")).toEqual({
      text: "a\r\nb",
      plan: "x\r\n",
    });
  });

  test("within a code block is one all the same", () => {
    expect(read("```\n<proposed_plan>\nfoo\n</proposed_plan>\n```\n")).toEqual({
      text: "```\n```\n",
      plan: "foo\n",
    });
  });
});

describe("a memory citation", () => {
  test("is taken out and read", () => {
    expect(readAssistantText(`text ${CITATION} more`, { plans: false })).toEqual({
      text: "text  more",
      plan: null,
      citation: cited,
    });
  });

  test("that is not closed goes on to the end of the message", () => {
    expect(read("text <oai-mem-citation>abc")).toEqual({ text: "text " });
  });

  test("is not begun by half a tag", () => {
    expect(read("text <oai-mem-ci")).toEqual({ text: "text <oai-mem-ci" });
  });

  test("does not nest", () => {
    const raw = "a<oai-mem-citation>x<oai-mem-citation>y</oai-mem-citation>z</oai-mem-citation>b";
    expect(read(raw)).toEqual({ text: "az</oai-mem-citation>b" });
  });

  test("within a plan leaves the plan without it; one around a plan takes it along", () => {
    expect(read(`a\n<proposed_plan>\nx${CITATION}y\n</proposed_plan>\nb`)).toEqual({
      text: "a\nb",
      plan: "xy\n",
    });
    expect(read(`a\n<oai-mem-citation>\n${PLAN}</oai-mem-citation>\nb`)).toEqual({
      text: "a\n\nb",
    });
  });

  test("names what it can: lines that are not understood are left out, ids come once", () => {
    const { citation } = readAssistantText(
      [
        CITATION,
        "<oai-mem-citation><citation_entries>",
        "  a b.md:4-5|note=[]  ",
        "C:/x:y.md:6-7|note=[[z]]",
        "no range.md:3|note=[n]",
        "rest behind.md:1-2|note=[n] x",
        "</citation_entries><thread_ids>\n id-2 \n\nid-1\n</thread_ids></oai-mem-citation>",
      ].join("\n"),
      { plans: false },
    );
    expect(citation).toEqual({
      entries: [
        ...cited.entries,
        { path: "a b.md", lineStart: 4, lineEnd: 5, note: "" },
        { path: "C:/x:y.md", lineStart: 6, lineEnd: 7, note: "[z]" },
      ],
      rolloutIds: ["id-1", "id-2"],
    });
  });

  test("that names nothing is none", () => {
    expect(readAssistantText("a<oai-mem-citation>b</oai-mem-citation>", { plans: false })).toEqual({
      text: "a",
      plan: null,
      citation: null,
    });
  });
});

describe("streamed text", () => {
  const raw = `Be<fore>\n  \n${PLAN}mid ${CITATION}dle <oai-\n<proposed_plan>\n<x>\n</proposed_plan>\n</end`;
  const whole = readAssistantText(raw, { plans: true });

  function joined(pieces: readonly AssistantTextPiece[]) {
    let text = "";
    let plan: string | null = null;
    for (const piece of pieces) {
      if (piece.kind === "text") text += piece.text;
      else plan = piece.kind === "plan_begun" ? "" : `${plan ?? ""}${piece.text}`;
    }
    return { text, plan };
  }

  test("comes to the same wherever it is cut", () => {
    const { citation: _, ...expected } = whole;
    for (let first = 0; first <= raw.length; first += 1) {
      for (let second = first; second <= raw.length; second += 1) {
        const deltas = [raw.slice(0, first), raw.slice(first, second), raw.slice(second)];
        expect(joined(stream(deltas))).toEqual(expected);
      }
    }
    expect(joined(stream(Array.from(raw)))).toEqual(expected);
  });

  test("is passed on at once but for what may be a tag", () => {
    expect(stream(["a", "b <", "c\n", " ", "<prop", "er\n", "d"])).toEqual([
      { kind: "text", text: "a" },
      { kind: "text", text: "b " },
      { kind: "text", text: "<c\n" },
      { kind: "text", text: " <proper\n" },
      { kind: "text", text: "d" },
    ]);
  });

  test("tells the beginning of a plan before its text", () => {
    expect(stream(["a\n<proposed_plan>\n", "x", "\n</proposed_plan>\nb"])).toEqual([
      { kind: "text", text: "a\n" },
      { kind: "plan_begun" },
      { kind: "plan", text: "x" },
      { kind: "plan", text: "\n" },
      { kind: "text", text: "b" },
    ]);
  });
});
