import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as parser from "@typescript-eslint/parser";
import { ESLint } from "eslint";
import { beforeAll, expect, test } from "vitest";
import { plugin } from "./index.ts";
import { suspects } from "./suspects.ts";
import { plantWorkspace } from "./testing/planted-workspace.ts";

interface Case {
  readonly rule: string;
  /** The file's text, after the declarations that all cases share. */
  readonly text: string;
  /** Of `uncommented-literal`. */
  readonly options?: object;
  /** The text as the fixes leave it; the text itself when nothing is found. */
  readonly fixed?: string;
}

const shared = `import { open } from "@demo/lib";
declare function f(value: unknown): void;
declare const args: [number]; declare const x: string;
export { open, f, args, x };
`;

const cases: readonly Case[] = [
  {
    rule: "both literals of a call are found",
    text: "open(null, 3);",
    fixed: "open(/*path*/ null, /*mode*/ 3);",
  },
  {
    rule: "a wrong name is an error on a literal",
    text: "open(/*p*/ null, /*mode*/ 3);",
    fixed: "open(/*path*/ null, /*mode*/ 3);",
  },
  {
    rule: "a wrong name is an error on any argument",
    text: "open(/*wrong*/ x, /*mode*/ 3);",
    fixed: "open(/*path*/ x, /*mode*/ 3);",
  },
  { rule: "a right name is accepted on any argument", text: "open(/*path*/ x, /*mode*/ 3);" },
  { rule: "the language's own functions are left alone", text: "[1].at(0); Math.max(1, 2);" },
  { rule: "a call without a declaration is left alone", text: "const g: any = f; g(true);" },
  { rule: "a negated number is a literal", text: "f(-1);", fixed: "f(/*value*/ -1);" },
  { rule: "a big integer is a literal", text: "f(10n);", fixed: "f(/*value*/ 10n);" },
  { rule: "`void 0` is a literal", text: "f(void 0);", fixed: "f(/*value*/ void 0);" },
  { rule: "`!0` is a literal", text: "f(!0);", fixed: "f(/*value*/ !0);" },
  { rule: "undefined is a literal", text: "f(undefined);", fixed: "f(/*value*/ undefined);" },
  {
    rule: "a cast does not hide a literal",
    text: "f(true as boolean);",
    fixed: "f(/*value*/ true as boolean);",
  },
  {
    rule: "`satisfies` and parentheses do not hide a literal",
    text: "f((true satisfies boolean));",
    fixed: "f(/*value*/ (true satisfies boolean));",
  },
  { rule: "a comment within parentheses counts", text: "f((/*value*/ true));" },
  { rule: "a comment before parentheses counts", text: "f(/*value*/ (true));" },
  { rule: "a comment within a cast's parentheses counts", text: "f((/*value*/ true) as boolean);" },
  {
    rule: "a negated string is a literal",
    text: 'f(!"s"); f(void "s");',
    fixed: 'f(/*value*/ !"s"); f(/*value*/ void "s");',
  },
  { rule: "strings are left alone", text: 'f("s"); f(`t`);' },
  { rule: "objects, arrays and functions are no bare literals", text: "f({}); f([]); f(() => 1);" },
  { rule: "other names and patterns are no bare literals", text: "f(NaN); f(/a/); f(Infinity);" },
  {
    rule: "after a spread positions are unknown",
    text: "declare function h(...all: never): void; open(...(args as never), true as never);",
  },
  {
    rule: "before a spread positions are known",
    text: "open(null, ...args);",
    fixed: "open(/*path*/ null, ...args);",
  },
  {
    rule: "a blank within the comment is not exact",
    text: "f(/* value */ true);",
    fixed: "f(/* value */ /*value*/ true);",
  },
  {
    rule: "an equals sign is not exact",
    text: "f(/*value=*/ true);",
    fixed: "f(/*value=*/ /*value*/ true);",
  },
  {
    rule: "a name cannot begin with a digit",
    text: "f(/*1value*/ true);",
    fixed: "f(/*1value*/ /*value*/ true);",
  },
  {
    rule: "a line comment does not count",
    text: "f( // value\n  true);",
    fixed: "f( // value\n  /*value*/ true);",
  },
  {
    rule: "a comment on the line above counts",
    text: "open(\n  /*path*/\n  null,\n  /*mode*/ 3,\n);",
  },
  {
    rule: "a comment after the literal does not count",
    text: "f(true /*value*/);",
    fixed: "f(/*value*/ true /*value*/);",
  },
  {
    rule: "the comment of the argument before does not count",
    text: "open(/*path*/ x, 3);",
    fixed: "open(/*path*/ x, /*mode*/ 3);",
  },
  {
    rule: "an optional call is covered",
    text: "(f as typeof f | undefined)?.(1);",
    fixed: "(f as typeof f | undefined)?.(/*value*/ 1);",
  },
  {
    rule: "an underscore asks for no name",
    text: "const g = (_flag: boolean) => _flag; g(true);",
  },
  {
    rule: "a rest parameter has no name",
    text: "const g = (...flags: boolean[]) => flags; g(true);",
  },
  {
    rule: "a destructured parameter has no name",
    text: "const g = ([a]: number[] = []) => a; g(undefined);",
  },
  {
    rule: "a `this` parameter is not counted",
    text: "function g(this: void, flag: boolean) { return flag; } g(true);",
    fixed: "function g(this: void, flag: boolean) { return flag; } g(/*flag*/ true);",
  },
  {
    rule: "a constructor is a call",
    text: "class Box { constructor(open: boolean) { f(open); } } new Box(true);",
    fixed: "class Box { constructor(open: boolean) { f(open); } } new Box(/*open*/ true);",
  },
  {
    rule: "super uses the constructor of the base",
    text: "class Box { constructor(open: boolean) { f(open); } } class B extends Box { constructor() { super(true); } } new B();",
    fixed:
      "class Box { constructor(open: boolean) { f(open); } } class B extends Box { constructor() { super(/*open*/ true); } } new B();",
  },
  {
    rule: "the overload that the call resolves to names the parameter",
    text: "function g(count: number): void; function g(flag: boolean): void; function g(v: unknown) { f(v); } g(true);",
    fixed:
      "function g(count: number): void; function g(flag: boolean): void; function g(v: unknown) { f(v); } g(/*flag*/ true);",
  },
  {
    rule: "a value of function type is named by its type",
    text: "const g: (enabled: boolean) => void = f; g(true);",
    fixed: "const g: (enabled: boolean) => void = f; g(/*enabled*/ true);",
  },
  {
    rule: "one of several functions counts when all agree",
    text: "declare const g: ((on: boolean) => void) | ((on: boolean) => number); g(true);",
    fixed: "declare const g: ((on: boolean) => void) | ((on: boolean) => number); g(/*on*/ true);",
  },
  {
    rule: "one of several functions is left alone when they differ",
    text: "declare const g: ((on: boolean) => void) | ((off: boolean) => number); g(true);",
  },
  {
    rule: "a local name `undefined` is a name",
    text: "export function g(undefined: number) { f(undefined); }",
  },
  {
    rule: "a tagged template is no call",
    text: "const g = (parts: unknown, n: number) => f([parts, n]); g`a${1}`;",
  },
  {
    rule: "strings are checked where that is asked for, callees that are named apart",
    options: { strings: "require", ignoreCallees: ["log", "out.put"] },
    text: 'const log = f, out = { put: f }; f("s"); f(`t`); log("a"); out.put("b");',
    fixed:
      'const log = f, out = { put: f }; f(/*value*/ "s"); f(/*value*/ `t`); log("a"); out.put("b");',
  },
  {
    rule: "each kind of literal can be left alone",
    options: { numbers: false, booleans: false, null: false, undefined: false },
    text: "f(1); f(true); f(null); f(undefined);",
  },
  {
    rule: "a package outside of the named ones is third-party",
    options: { workspacePackages: ["@demo/app"] },
    text: "open(null, 3); f(1);",
    fixed: "open(null, 3); f(/*value*/ 1);",
  },
  {
    rule: "first-party packages can be named by their folder",
    options: { workspacePackages: ["packages/lib"] },
    text: "open(x, 3); f(1);",
    fixed: "open(x, /*mode*/ 3); f(1);",
  },
  { rule: "a generated file is left alone", text: "// @generated by a program\nopen(null, 3);" },
];

const pathOf = (index: number): string => `packages/app/src/case-${index}.ts`;

/** One compilation for all cases: what each text is after its fixes, */
const fixedTexts: string[] = [];
/** and the cases that the runner would show to ESLint. */
let suspected: readonly string[] = [];

beforeAll(async () => {
  using workspace = plantWorkspace(
    Object.fromEntries(cases.map(({ text }, index) => [pathOf(index), shared + text])),
  );
  const eslint = new ESLint({
    cwd: workspace.root,
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ["**/*.ts"],
        plugins: { "argument-comment": plugin },
        languageOptions: {
          parser,
          parserOptions: { project: ["tsconfig.json"], tsconfigRootDir: workspace.root },
        },
        rules: { "argument-comment/mismatch": "error" },
      },
      ...cases.map(({ options = {} }, index) => ({
        files: [pathOf(index)],
        rules: { "argument-comment/uncommented-literal": ["error", options] as ["error", object] },
      })),
    ],
  });
  const results = await eslint.lintFiles(cases.map((_, index) => pathOf(index)));
  for (const { filePath, messages } of results) {
    let text = readFileSync(filePath, "utf8");
    for (const { fix, message } of messages.toReversed()) {
      if (fix === undefined) throw new Error(message);
      text = text.slice(0, fix.range[0]) + fix.text + text.slice(fix.range[1]);
    }
    fixedTexts.push(text);
  }
  suspected = suspects(
    cases.map((_, index) => join(workspace.root, pathOf(index))),
    [join(workspace.root, "tsconfig.json")],
    workspace.root,
  ).map((path) => relative(workspace.root, path));
}, 120_000);

test.each(cases.map((one, index) => ({ ...one, index })))("$rule", ({ index, text, fixed }) => {
  expect(fixedTexts[index]).toBe(shared + (fixed ?? text));
});

/** No findings, but only ESLint's own look at the file tells. */
const undecided = ["a local name `undefined` is a name", "a generated file is left alone"];

test("the runner shows ESLint every file with findings, and hardly another", () => {
  const standard = cases.flatMap((one, index) =>
    one.options === undefined ? [{ ...one, path: pathOf(index) }] : [],
  );
  expect(standard.filter(({ path }) => suspected.includes(path)).map(({ rule }) => rule)).toEqual(
    standard
      .filter(({ rule, fixed }) => fixed !== undefined || undecided.includes(rule))
      .map(({ rule }) => rule),
  );
});

/** An ESLint that knows nothing of types. */
function withoutTypes(root: string, rule: string): ESLint {
  return new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: {
      files: ["**/*.ts"],
      plugins: { "argument-comment": plugin },
      languageOptions: { parser },
      rules: { [`argument-comment/${rule}`]: "error" },
    },
  });
}

test("a boolean parameter beside others is reported where that is asked for", async () => {
  using workspace = plantWorkspace();
  const [result] = await withoutTypes(workspace.root, "boolean-parameter").lintText(
    "function a(path: string, force: boolean) {}\nfunction b(on: boolean) {}\nconst c = (x: string, y = false) => y;\n",
    { filePath: "a.ts" },
  );
  expect(result?.messages.map(({ line, column }) => [line, column])).toEqual([
    [1, 26],
    [3, 23],
  ]);
});

test("without types the rules say what is missing", async () => {
  using workspace = plantWorkspace();
  await expect(
    withoutTypes(workspace.root, "mismatch").lintText("f(1);\n", { filePath: "a.ts" }),
  ).rejects.toThrow(/argument-comment needs types for .*parserOptions\.projectService/);
});
