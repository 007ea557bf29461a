import { expect, test } from "vitest";
import type { CellResponse } from "./cell.ts";
import type { ContentItem } from "./content.ts";
import { responseItems } from "./response-items.ts";

const text = (value: string): ContentItem => ({ type: "input_text", text: value });
const image: ContentItem = { type: "input_image", image_url: "data:,x" };
const answer = (contentItems: readonly ContentItem[]) => ({
  cellId: "7",
  contentItems,
  droppedItems: 0,
});

test.each<[CellResponse, string, boolean]>([
  [{ status: "yielded", ...answer([]) }, "Script running with cell ID 7", true],
  [{ status: "completed", ...answer([]) }, "Script completed", true],
  [{ status: "terminated", ...answer([]) }, "Script terminated", true],
])("%j is headed %s", (response, status, success) => {
  expect(responseItems(response, { wallTimeMs: 1249 })).toEqual({
    success,
    items: [text(`${status}\nWall time 1.2 seconds\nOutput:\n`)],
  });
});

test("wall time is rounded half up to one decimal", () => {
  const header = (wallTimeMs: number) =>
    responseItems({ status: "completed", ...answer([]) }, { wallTimeMs }).items[0];
  expect(header(/*wallTimeMs*/ 0)).toEqual(
    text("Script completed\nWall time 0.0 seconds\nOutput:\n"),
  );
  expect(header(/*wallTimeMs*/ 50)).toEqual(
    text("Script completed\nWall time 0.1 seconds\nOutput:\n"),
  );
  expect(header(/*wallTimeMs*/ 60_000)).toEqual(
    text("Script completed\nWall time 60.0 seconds\nOutput:\n"),
  );
});

test("the error of a failed script comes last", () => {
  const response: CellResponse = {
    status: "failed",
    ...answer([text("one"), text("two")]),
    error: { text: "Error: boom\n    at exec_main.mjs:1:1" },
  };
  expect(responseItems(response, { wallTimeMs: 0 })).toEqual({
    success: false,
    items: [
      text("Script failed\nWall time 0.0 seconds\nOutput:\n"),
      text("one"),
      text("two"),
      text("Script error:\nError: boom\n    at exec_main.mjs:1:1"),
    ],
  });
});

test("a missing cell is named, with those that there are", () => {
  const missing = (liveCells: readonly string[]) =>
    responseItems({ status: "missing", cellId: "999999", liveCells }, { wallTimeMs: 0 });
  const header = text("Script failed\nWall time 0.0 seconds\nOutput:\n");
  expect(missing([])).toEqual({
    success: false,
    items: [header, text("Script error:\nexec cell 999999 not found")],
  });
  expect(missing(["1", "3"])).toEqual({
    success: false,
    items: [header, text("Script error:\nexec cell 999999 not found; live cells: 1, 3")],
  });
});

test("the header costs no budget and the body is cut to it", () => {
  const response: CellResponse = { status: "completed", ...answer([text("x".repeat(40))]) };
  expect(responseItems(response, { wallTimeMs: 0, maxOutputTokens: 6 }).items).toEqual([
    text("Script completed\nWall time 0.0 seconds\nOutput:\n"),
    text(`Total output lines: 1\n\n${"x".repeat(12)}…4 tokens truncated…${"x".repeat(12)}`),
  ]);
});

test("beside images the error outlives a small budget", () => {
  const response: CellResponse = {
    status: "failed",
    ...answer([text("y".repeat(400)), image]),
    error: { text: "Error: b" },
  };
  expect(responseItems(response, { wallTimeMs: 0, maxOutputTokens: 8 }).items.slice(1)).toEqual([
    text("yyyy…98 tokens truncated…yyyy"),
    image,
    text("Script error:\nError: b"),
  ]);
});

test("items over a cell's limits are counted", () => {
  const response: CellResponse = { status: "completed", ...answer([text("a")]), droppedItems: 2 };
  expect(responseItems(response, { wallTimeMs: 0 }).items.slice(1)).toEqual([
    text("a"),
    text("[2 more items were over the cell's limits and are lost]"),
  ]);
});
