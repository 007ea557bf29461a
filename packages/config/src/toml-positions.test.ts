import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTable, parseToml, type TomlTable, type TomlValue } from "./toml.ts";
import { textLines } from "./text-lines.ts";
import { readTomlPositions, type TomlPath } from "./toml-positions.ts";

/** Every entry of the parsed table, containers included. */
function* entries(
  value: TomlValue,
  path: TomlPath = [],
): Generator<{ readonly path: TomlPath; readonly value: TomlValue }> {
  if (path.length > 0) yield { path, value };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* entries(item, [...path, index]);
  } else if (isTable(value)) {
    for (const key of Object.keys(value)) yield* entries(value[key] ?? "", [...path, key]);
  }
}

/** Whether the text of a value is the value itself, not the header of a table. */
function isWritten(value: TomlValue, source: string): boolean {
  const first: TomlValue | undefined = Array.isArray(value) ? value[0] : value;
  if (isTable(value)) return source.startsWith("{");
  return !(isTable(first) && /^\[\s*[^\s[{]|^\[\[/.test(source));
}

/** The entries that have no place, or whose text parses to another value. */
async function disagreements(text: string) {
  const all = [...entries(await parseToml(text))];
  const positions = readTomlPositions(text);
  const wrong: unknown[] = [];
  for (const { path, value } of all) {
    const place = positions.find(path);
    const source = place === undefined ? "" : text.slice(place.value.start, place.value.end);
    const again =
      source === "" || !isWritten(value, source) ? undefined : await parseToml(`x = ${source}`);
    const isSame = again === undefined || JSON.stringify(again["x"]) === JSON.stringify(value);
    if (place === undefined || !isSame) wrong.push({ path, value, source });
  }
  return { count: all.length, wrong };
}

const corpus: Readonly<Record<string, string>> = {
  "plain values": `a = 1\nb = "text"\nc = true\nd = 1.5e3\ne = 'lit\\eral'\nf = 0xff\ng = -inf\n`,
  "dates with a blank inside": `a = 1979-05-27 07:32:00Z # note\nb = 07:32:00\nc = [1979-05-27, 1979-05-28 00:00:00]\n`,
  comments: `# first\na = 1 # = "b"\n#c = 2\n[t] # ]\nx = "#" # "\n`,
  "dotted keys": `a.b.c = 1\na."d.e" = 2\n'a' . 'f' = 3\n"\\u0061".g = 4\n`,
  "headers, also before and after their parents": `[a.b.c]\nx = 1\n[a]\ny = 2\n[a.b]\nz = 3\n[ "q u" . 'o.t' ]\nw = 4\n`,
  "arrays of tables, nested": `[[a]]\nx = 1\n[[a.b]]\ny = 1\n[[a.b]]\ny = 2\n[a.c]\nz = 1\n[[a]]\nx = 2\n[[a.b]]\ny = 3\n`,
  "inline tables": `a = { b = 1, c.d = 2, "e f" = { g = [1, { h = 2 }] } }\nempty = {}\nb = 1\n`,
  "inline tables over lines": `a = {\n  b = 1, # }\n  c = [ # ]\n    "]", '}',\n  ],\n}\nz = 1\n`,
  arrays: `a = [ 1, 2, # three\n 3 ]\nb = [[1], ["x", [true]], []]\nc = [ "a,b", 'c]d' , """e\n,"]""" ]\n`,
  "multi-line strings": `a = """\none "two" \\\n   three ""\\"  """\nb = '''\n'lit' "x" '''\nc = """q"""""\nd = '''q'''''\ne = 1\n`,
  "escaped quotes": `a = "x\\"y # z"\nb = "\\\\"\nc = 'x\\'\nd = 1\n`,
  "windows line ends": `a = 1\r\n[t]\r\nb = "x" # c\r\nc = [1,\r\n 2]\r\n`,
  "odd names": `"" = 1\n1 = 2\n-x_ = 3\n"__proto__" = 4\n"tab\\t" = 5\n[constructor]\ntoString = 1\n`,
  "no line end at the end": `a = { b = 1 }`,
  nothing: "",
};

describe("the positions agree with the parser", () => {
  test.each(Object.entries(corpus))("%s", async (name, text) => {
    const { count, wrong } = await disagreements(text);
    expect(wrong).toEqual([]);
    expect(count > 0).toBe(name !== "nothing");
  });

  test("any document made of keys, values, headers and comments", async () => {
    const bareKey = fc.stringMatching(/^[A-Za-z0-9_-]{1,4}$/);
    const quoted = fc.string({ maxLength: 6 }).map((text) => JSON.stringify(text));
    const key = fc
      .array(fc.oneof(bareKey, quoted, fc.stringMatching(/^'[ .#="]{0,3}'$/)), {
        minLength: 1,
        maxLength: 3,
      })
      .map((segments) => segments.join(" . "));
    const scalar = fc.oneof(
      quoted,
      fc.integer().map(String),
      fc.constantFrom("true", "1.5", "1979-05-27 07:32:00", '"""a\n"b" """', "'''a\n'b' '''"),
    );
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        scalar,
        fc.array(tie("value"), { maxLength: 3 }).map((items) => `[ ${items.join(" , # c]\n ")} ]`),
        fc
          .array(fc.tuple(bareKey, tie("value")), { maxLength: 3 })
          .map((pairs) => `{ ${pairs.map(([name, item]) => `${name} = ${item}`).join(", ")} }`),
      ),
    }));
    const line = fc.oneof(
      fc.tuple(key, value).map(([name, item]) => `${name} = ${item} # "x" [y]`),
      key.map((name) => `[${name}]`),
      key.map((name) => `[[ ${name} ]]`),
      fc.constant("# comment = 1"),
    );
    let valid = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 6 }), async (lines) => {
        const text = lines.join("\n");
        const table: TomlTable | undefined = await parseToml(text).catch(() => undefined);
        if (table === undefined) return;
        valid += 1;
        expect((await disagreements(text)).wrong).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(valid).toBeGreaterThan(100);
  });

  const units = Array.from("[]{}=.,\"'#\\\n ax1");

  test("text that is not TOML is read to its end without a failure", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...units) }), (text) => {
        expect(() => readTomlPositions(text).find(["a"])).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

describe("what is pointed to", () => {
  const text = `top = 1\n\n[servers.one]\ncommand = "run" # c\nenv = { A = "é", B = [10, 20] }\n`;
  const positions = readTomlPositions(text);
  const lines = textLines(text);
  const shown = (path: TomlPath) => {
    const place = positions.find(path);
    if (place === undefined) return undefined;
    return {
      key: text.slice(place.key.start, place.key.end),
      value: text.slice(place.value.start, place.value.end),
      at: lines.positionAt(place.value.start),
    };
  };

  test("key and value of an entry, of an element, and the header of a table", () => {
    expect([
      shown(["servers", "one", "command"]),
      shown(["servers", "one", "env", "B", 1]),
      shown(["servers", "one"]),
      shown(["servers"]),
      shown(["servers", "two"]),
    ]).toEqual([
      { key: "command", value: '"run"', at: { line: 4, column: 11 } },
      { key: "", value: "20", at: { line: 5, column: 27 } },
      { key: "one", value: "[servers.one]", at: { line: 3, column: 1 } },
      { key: "servers", value: "[servers.one]", at: { line: 3, column: 1 } },
      undefined,
    ]);
  });
});
