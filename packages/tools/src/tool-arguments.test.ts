import { describe, expect, test } from "vitest";
import { ToolArguments } from "./tool-arguments.ts";

const prefix = "failed to parse function arguments: ";

describe("ToolArguments", () => {
  test("reads fields of each kind; null is as good as absent", () => {
    const args = ToolArguments.parse(
      '{"s":"x","b":true,"n":3,"l":["a"],"o":{"s":"y"},"os":[{"n":1}],"z":null,"extra":1}',
    );
    expect([
      args.string("s"),
      args.optionalBoolean("b"),
      args.count("n"),
      args.strings("l"),
      args.optionalObject("o")?.string("s"),
      args.objects("os").map((each) => each.count("n")),
      args.optionalString("z"),
      args.optionalObject("missing"),
      args.optionalChoice("s", ["w", "x"]),
    ]).toEqual(["x", true, 3, ["a"], "y", [1], undefined, undefined, "x"]);
  });

  test("text that is not JSON is refused with the parser's words", () => {
    expect(() => ToolArguments.parse("{")).toThrow(prefix);
  });

  test.each([
    ["[]", (args: ToolArguments) => args, "the arguments must be an object"],
    ["{}", (args: ToolArguments) => args.string("cmd"), "missing field `cmd`"],
    ['{"cmd":1}', (args: ToolArguments) => args.string("cmd"), "`cmd` must be a string"],
    [
      '{"n":1.5}',
      (args: ToolArguments) => args.optionalCount("n"),
      "`n` must be a whole number that is not negative",
    ],
    [
      '{"n":-1}',
      (args: ToolArguments) => args.optionalCount("n"),
      "`n` must be a whole number that is not negative",
    ],
    ['{"l":["a",1]}', (args: ToolArguments) => args.strings("l"), "`l` must be a list of strings"],
    ['{"c":"z"}', (args: ToolArguments) => args.choice("c", ["x", "y"]), "`c` must be one of x, y"],
    [
      '{"os":[{"s":1}]}',
      (args: ToolArguments) => args.objects("os").map((each) => each.string("s")),
      "`os[0].s` must be a string",
    ],
    [
      '{"a":1,"b":2}',
      (args: ToolArguments) => args.allowOnly("a"),
      "unknown field `b`, expected a",
    ],
  ])("%s is refused by name", (json, read, message) => {
    expect(() => read(ToolArguments.parse(json))).toThrow(
      expect.objectContaining({ code: "respond", message: prefix + message }),
    );
  });
});
