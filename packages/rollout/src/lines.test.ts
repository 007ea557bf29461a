import { temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { isBlank, linesFromEnd, linesFromStart, parseLine } from "./lines.ts";

const contents = [
  "",
  "\n",
  "one",
  "one\n",
  "one\ntwo",
  "\n\none\n\n\ntwo\n",
  "ä\n€uro\n😀 and more\n",
  "a line that is longer than the blocks\nb\nanother line that is longer\nc",
];

test("lines are whole wherever the blocks are cut, from either end", async () => {
  await using directory = await temporaryDirectory();
  for (const content of contents) {
    await directory.write({ file: content });
    const lines = content.endsWith("\n") ? content.slice(0, -1).split("\n") : content.split("\n");
    const expected = content === "" ? [] : lines;
    for (const blockSize of [1, 2, 3, 5, 8, 13, 1000]) {
      const forwards: string[] = [];
      for (const line of linesFromStart(directory.join("file"), blockSize)) {
        forwards.push(line.toString());
      }
      expect(forwards).toEqual(expected);
      const backwards: string[] = [];
      for (const line of linesFromEnd(directory.join("file"), blockSize)) {
        backwards.push(line.toString());
      }
      expect(backwards.toReversed().filter((line) => line !== "")).toEqual(
        expected.filter((line) => line !== ""),
      );
    }
  }
});

test("a file that is not read to its end is closed", async () => {
  await using directory = await temporaryDirectory();
  await directory.write({ file: "one\ntwo\nthree" });
  const open = linesFromStart(directory.join("file"), /*blockSize*/ 4);
  expect(open.next().value?.toString()).toBe("one");
  open.return();
  expect(open.next().done).toBe(true);
});

test("a line holds a JSON value, or nothing, or only space", () => {
  expect(parseLine(Buffer.from('{"a":1}\r'))).toEqual({ a: 1 });
  expect(parseLine(Buffer.from('{"a":'))).toBeUndefined();
  expect(isBlank(Buffer.from(" \t\r"))).toBe(true);
  expect(isBlank(Buffer.from(" x"))).toBe(false);
});
