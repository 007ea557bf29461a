import fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { editToml, sameValue, type TomlEdit } from "./edit-toml.ts";
import { parseToml, type TomlTable, type TomlValue } from "./toml.ts";

type Path = readonly string[];

const names = ["a", "b", "c d", "é", 'q"', "__proto__"];
const name = fc.constantFrom(...names);
const path = (longest: number) => fc.array(name, { minLength: 1, maxLength: longest });
const scalar = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const inlineValue = fc.letrec<{ value: TomlValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map((entries) => tableOf(entries)),
  ),
})).value;

function tableOf(entries: readonly (readonly [string, TomlValue])[]): TomlTable {
  const table = Object.create(null) as Record<string, TomlValue>;
  for (const [key, value] of entries) table[key] = value;
  return table;
}

/** A value as somebody may have written it: other quotes, other layouts than ours. */
function handWritten(value: TomlValue, style: number): string {
  if (typeof value === "string") {
    const isPlain = /^[^\p{C}'\\]*$/u.test(value) && value.isWellFormed();
    if (isPlain && style % 3 === 0) return `'${value}'`;
    if (isPlain && style % 3 === 1) return `"""\n${value.replaceAll('"', String.raw`\"`)}"""`;
    return JSON.stringify(value).replaceAll("\u007F", String.raw`\u007F`);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "+inf" : "-inf";
    return Number.isInteger(value) && style % 2 === 0 ? `${value}.0` : value.toExponential();
  }
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => handWritten(item, style));
    return style % 2 === 0 ? `[ # list\n${items.join(",\n")}\n ]` : `[${items.join(" , ")}]`;
  }
  const entries = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}=${handWritten(item, style)}`,
  );
  return `{${entries.join(", ")}}`;
}

type Piece =
  | {
      readonly kind: "entry";
      readonly path: Path;
      readonly value: TomlValue;
      readonly style: number;
    }
  | {
      readonly kind: "header";
      readonly path: Path;
      readonly isArray: boolean;
      readonly style: number;
    }
  | { readonly kind: "comment" }
  | { readonly kind: "blank" };

const piece: fc.Arbitrary<Piece> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("entry" as const),
      path: path(/*longest*/ 3),
      value: inlineValue,
      style: fc.nat(11),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("header" as const),
      path: path(/*longest*/ 3),
      isArray: fc.boolean(),
      style: fc.nat(11),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "comment" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "blank" as const }) },
);

/** A piece as it got into the text; each has a mark that no other has. */
interface Part {
  readonly text: string;
  readonly piece: Piece;
  /** The full path; of a comment that of the table that it stands in. */
  readonly path: Path;
  /** Whether it is, or is in, an element of an array of tables. */
  readonly isInArray: boolean;
}

function written(each: Piece, mark: string): string {
  if (each.kind === "comment") return `# comment ${mark}\n`;
  if (each.kind === "blank") return "\n";
  const indent = each.style % 4 === 0 ? "  " : "";
  const key = each.path.map((segment) => JSON.stringify(segment)).join(" . ");
  if (each.kind === "entry") {
    return `${indent}${key} =  ${handWritten(each.value, each.style)} # ${mark}\n`;
  }
  return `${indent}${each.isArray ? `[[${key}]]` : `[ ${key} ]`}# ${mark}\n`;
}

/** Puts pieces together and leaves out those that would not be TOML where they stand. */
function assemble(pieces: readonly Piece[]): readonly Part[] {
  const parts: Part[] = [];
  const arrays: Path[] = [];
  let open: { readonly path: Path; readonly isInArray: boolean } = { path: [], isInArray: false };
  for (const each of pieces) {
    const text = written(each, `<${parts.length}>`);
    try {
      parse([...parts, { text }].map((part) => part.text).join(""));
    } catch {
      continue;
    }
    if (each.kind === "header") {
      if (each.isArray) arrays.push(each.path);
      open = { path: each.path, isInArray: arrays.some((array) => startsWith(each.path, array)) };
      parts.push({ text, piece: each, ...open });
    } else {
      const full = each.kind === "entry" ? [...open.path, ...each.path] : open.path;
      parts.push({ text, piece: each, path: full, isInArray: open.isInArray });
    }
  }
  return parts;
}

const document = fc
  .tuple(fc.array(piece, { maxLength: 20 }), fc.boolean(), fc.boolean())
  .map(([pieces, isCrlf, isCut]) => {
    const parts = assemble(pieces).map((part) =>
      isCrlf ? { ...part, text: part.text.replaceAll("\n", "\r\n") } : part,
    );
    const text = parts.map((part) => part.text).join("");
    return { parts, text: isCut ? text.trimEnd() : text };
  });

const edit: fc.Arbitrary<TomlEdit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ set: path(/*longest*/ 3), value: inlineValue }) },
  { weight: 1, arbitrary: fc.record({ clear: path(/*longest*/ 3), prune: fc.boolean() }) },
);

function startsWith(whole: Path, prefix: Path): boolean {
  return prefix.every((segment, at) => segment === whole[at]);
}

function isTable(value: unknown): value is Record<string, TomlValue> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}

/** What the edits come to, worked out on plain data. */
function applied(table: TomlTable, edits: readonly TomlEdit[]): TomlTable {
  const root = structuredClone(table) as Record<string, TomlValue>;
  Object.setPrototypeOf(root, null);
  for (const each of edits) {
    const whole = "set" in each ? each.set : each.clear;
    let parent: Record<string, TomlValue> | undefined = root;
    for (const key of whole.slice(0, -1)) {
      const below: TomlValue | undefined = Object.hasOwn(parent, key) ? parent[key] : undefined;
      if (!isTable(below) && "clear" in each) parent = undefined;
      if (parent === undefined) break;
      const next: Record<string, TomlValue> = isTable(below) ? below : Object.create(null);
      Object.defineProperty(parent, key, {
        value: next,
        enumerable: true,
        writable: true,
        configurable: true,
      });
      parent = next;
    }
    const key = whole.at(-1) ?? "";
    if (parent === undefined) continue;
    if ("clear" in each) delete parent[key];
    else {
      Object.defineProperty(parent, key, {
        value: structuredClone(each.value),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
  return root;
}

/** Tables that hold nothing are dropped: that a key is left of them is no difference. */
function withoutEmpty(table: TomlTable): TomlTable {
  const entries = Object.entries(table).flatMap(([key, value]): [string, TomlValue][] => {
    if (!isTable(value)) return [[key, value]];
    const kept = withoutEmpty(value);
    return Object.keys(kept).length === 0 ? [] : [[key, kept]];
  });
  return tableOf(entries);
}

/** Whether an edit may change the lines of a part. */
function isConcerned({ path: own, piece: { kind }, isInArray }: Part, each: TomlEdit): boolean {
  const edited = "set" in each ? each.set : each.clear;
  if (startsWith(own, edited)) return true;
  if (kind === "entry" || isInArray) return startsWith(edited, own);
  // A header goes when the table below it is emptied and the edit asks for that.
  return "clear" in each && each.prune === true && startsWith(edited, own);
}

function expectKept(text: string, kept: readonly string[]): void {
  let at = 0;
  for (const lines of kept) {
    const found = text.indexOf(lines.trimEnd(), at);
    if (found < 0) throw new Error(`changed, moved or lost: ${JSON.stringify(lines)} in\n${text}`);
    at = found + lines.trimEnd().length;
  }
}

describe("any sequence of edits", () => {
  test("comes to what was asked for, and keeps every byte of the lines that no edit concerns", async () => {
    await fc.assert(
      fc.asyncProperty(
        document,
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        async ({ parts, text }, edits) => {
          const result = await editToml(text, edits);
          const before = await parseToml(text);
          const after = await parseToml(result);
          const expected = applied(before, edits);
          expect(sameValue(withoutEmpty(after), withoutEmpty(expected))).toBe(true);
          const kept = parts.filter(
            (part) =>
              part.piece.kind !== "blank" &&
              !(part.isInArray && edits.some((each) => isInTheWay(part, each))) &&
              !edits.some((each) => isConcerned(part, each)),
          );
          expectKept(
            result,
            kept.map((part) => part.text),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  test("one after the other or all at once is the same", async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.array(edit, { maxLength: 5 }), async ({ text }, edits) => {
        let step = text;
        for (const each of edits) step = await editToml(step, [each]);
        const once = await parseToml(await editToml(text, edits));
        expect(sameValue(withoutEmpty(await parseToml(step)), withoutEmpty(once))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("setting what is there changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(document, async ({ text }) => {
        const table = await parseToml(text);
        const edits = Object.entries(table).map(([key, value]) => ({ set: [key], value }));
        expect(await editToml(text, edits)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });
});

/** Whether a key is to be set below an array of tables, which is no table and has to go. */
function isInTheWay({ path: own }: Part, each: TomlEdit): boolean {
  if (!("set" in each)) return false;
  return own.some((_, at) => startsWith(each.set, own.slice(0, at + 1)));
}

describe("where a change goes", () => {
  test.each<[what: string, before: string, edits: readonly TomlEdit[], after: string]>([
    [
      "a value keeps the comment behind it and what is above it",
      "# mine\n\n# why\nmodel = 'old'   # note\nother=1\n",
      [{ set: ["model"], value: "new" }],
      '# mine\n\n# why\nmodel = "new"   # note\nother=1\n',
    ],
    [
      "a top-level key goes below the others, above the first table and its comment",
      "# mine\n\na = 1\n\n# table\n[t]\nb = 2\n",
      [{ set: ["model"], value: "x" }],
      '# mine\n\na = 1\nmodel = "x"\n\n# table\n[t]\nb = 2\n',
    ],
    [
      "without others it goes below the comment that opens the file",
      "#:schema x\n[t]\nb = 2\n",
      [{ set: ["model"], value: "x" }],
      '#:schema x\nmodel = "x"\n\n[t]\nb = 2\n',
    ],
    [
      "a table goes behind its kin, and the comment of the next one stays with that",
      "[mcp_servers.a]\ncommand = 'a'\n# args = []\n\n# about z\n[z]\nb = 2\n",
      [{ set: ["mcp_servers", "b"], value: { url: "u", http_headers: { X: "y" } } }],
      '[mcp_servers.a]\ncommand = \'a\'\n# args = []\n\n[mcp_servers.b]\nurl = "u"\n\n[mcp_servers.b.http_headers]\nX = "y"\n\n# about z\n[z]\nb = 2\n',
    ],
    [
      "a removed table takes its own lines and one gap along, nothing else",
      "a = 1\n\n# about t\n[t]\nx = [\n  1, # one\n]\n\n[u]\nb = 2\n",
      [{ clear: ["t"] }],
      "a = 1\n\n# about t\n\n[u]\nb = 2\n",
    ],
    [
      "in an inline table",
      "projects = { '/x' = { trust_level = 'untrusted', k = 1 } } # c\n",
      [
        { set: ["projects", "/y", "trust_level"], value: "trusted" },
        { clear: ["projects", "/x", "trust_level"] },
      ],
      'projects = { \'/x\' = { k = 1 }, "/y".trust_level = "trusted" } # c\n',
    ],
    [
      "beside dotted keys",
      "features.undo = true\nmodel = 'x'\n",
      [{ set: ["features", "shell_tool"], value: false }],
      "features.undo = true\nfeatures.shell_tool = false\nmodel = 'x'\n",
    ],
    [
      "into a table that only headers below it made",
      "[a.b]\nx = 1\n",
      [{ set: ["a", "y"], value: 2 }],
      "[a]\ny = 2\n\n[a.b]\nx = 1\n",
    ],
    [
      "indented as the line above, with the line ends of the file",
      "[t]\r\n  a = 1\r\n",
      [
        { set: ["t", "b"], value: 2 },
        { set: ["u", "c"], value: "\u007F\n" },
      ],
      '[t]\r\n  a = 1\r\n  b = 2\r\n\r\n[u]\r\nc = "\\u007F\\n"\r\n',
    ],
    ["a last line without an end gets one", "a = 1", [{ set: ["b"], value: 2 }], "a = 1\nb = 2\n"],
    [
      "emptied tables go where that is asked for",
      "[features]\nundo = true\n[t.u]\nx = 1\n",
      [{ clear: ["features", "undo"], prune: true }, { clear: ["t", "u", "x"] }],
      "[t.u]\n",
    ],
    ["what is not there need not be removed", "a = 1\n", [{ clear: ["b", "c"] }], "a = 1\n"],
  ])("%s", async (_, before, edits, after) => {
    expect(await editToml(before, edits)).toBe(after);
  });

  test("a value that no TOML can hold is refused", async () => {
    const edited = editToml("a = 1\n", [{ set: ["b"], value: "\uD800" }]);
    await expect(edited).rejects.toMatchObject({ code: "not_written" });
  });
});
