import { fromAbsolute } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import { layerLines } from "./layer-lines.ts";
import type { ConfigLayer } from "./layers.ts";

const file = fromAbsolute("/etc/codex/config.toml");
const layer = (text?: string): ConfigLayer => ({
  name: { type: "system", file },
  table: {},
  file,
  text,
});

test("a line is that of the entry, also in the tables of a list", () => {
  const lines = layerLines(layer("a = 1\n\n[[b.c]]\nd = 1\n[[b.c]]\n[[b.c.e]]\nd = 2\n"));
  expect(
    [["a"], ["b", "c", 1], ["b", "c", 1, "e", 0], ["b", "c", 1, "e", 0, "d"]].map(lines),
  ).toEqual([1, 5, 6, 7]);
});

test("there is none for what is not there, nor for a layer without a file", () => {
  expect([layerLines(layer("a = 1\n"))(["b"]), layerLines(layer())(["a"])]).toEqual([null, null]);
});
