import { expect, test } from "vitest";
import type { Benchmark } from "./benchmark.ts";
import { parseCommandLine, UsageError } from "./command-line.ts";

const plain: Benchmark = { name: "plain", question: "?", subjects: () => [] };
const own: Benchmark = {
  name: "own",
  question: "?",
  flags: {
    samples: { kind: "count", default: 8, least: 1, help: "samples" },
    tools: { kind: "counts", default: [0, 32], help: "numbers of tools" },
    fast: { kind: "switch", help: "less" },
  },
  report: () => Promise.resolve({ text: "", data: null }),
};
const parse = (...given: readonly string[]) => parseCommandLine(given, [plain, own]);

test("flags of the benchmark that is named alone reach it, before and behind its name", () => {
  const line = parse("--samples", "3", "own", "--", "--tools", "1,2", "--fast", "--rounds", "5");
  expect([line.names, line.rounds, line.flagsOf(own)]).toEqual([
    ["own"],
    5,
    { samples: 3, tools: [1, 2], fast: true },
  ]);
});

test("flags that are not given have their defaults, and others have none", () => {
  const line = parse("plain", "own", "--json");
  expect([line.json, line.flagsOf(own), line.flagsOf(plain)]).toEqual([
    true,
    { samples: 8, tools: [0, 32], fast: false },
    {},
  ]);
});

test.each([
  [["plain", "--samples", "3"], /'--samples'.*for plain are --against/],
  [["plain", "own", "--samples", "3"], /'--samples'/],
  [["own", "--nothing"], /'--nothing'.*--samples, --tools, --fast, --against/],
  [["own", "--samples", "0"], /--samples takes whole numbers from 1 up, not "0"/],
  [["own", "--tools", "1,,2"], /--tools takes whole numbers from 0 up, not ""/],
  [["--rounds", "many"], /--rounds takes whole numbers from 1 up, not "many"/],
])("%j is refused with what there is", (given, message) => {
  const line = (): unknown => parse(...given).flagsOf(own);
  expect(line).toThrow(UsageError);
  expect(line).toThrow(message);
});
