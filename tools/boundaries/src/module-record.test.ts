import { expect, test } from "vitest";
import { readModuleRecord } from "./module-record.ts";

const specifiers = (text: string) =>
  readModuleRecord("a.ts", text).references.map(({ specifier }) => specifier);

const reExports = (text: string) =>
  readModuleRecord("a.ts", text).reExports.map(
    ({ exported, specifier }) => `${exported} of ${specifier}`,
  );

test.each([
  ['import { a } from "x";'],
  ['import type { A } from "x";'],
  ['import "x";'],
  ['export { a } from "x";'],
  ['export * from "x";'],
  ['const a = await import("x");'],
  ["const a = await import(`x`);"],
  ['type A = import("x").A;'],
  ['type A = typeof import("x");'],
  ['import a = require("x");'],
  ['const a = require("x");'],
  ['const a = require.resolve("x");'],
  ['const a = import.meta.resolve("x");'],
  ['declare module "x" { interface A { b: 1 } }'],
])("%s refers to x", (text) => {
  expect(specifiers(text)).toEqual(["x"]);
});

test("a specifier in a comment or a string is no reference", () => {
  expect(specifiers('// import "x"\nexport const a = \'import "x"\';')).toEqual([]);
});

test("a reference knows its line", () => {
  const text = '\nimport {\n  a,\n} from "x";\n\nimport("y");\n';
  expect(readModuleRecord("a.ts", text).references).toEqual([
    { specifier: "x", line: 4 },
    { specifier: "y", line: 6 },
  ]);
});

test.each([
  ['export { a } from "x";', "a of x"],
  ['export { a as b } from "x";', "b of x"],
  ['export type { A } from "x";', "A of x"],
  ['export { type A } from "x";', "A of x"],
  ['export * from "x";', "* of x"],
  ['export type * from "x";', "* of x"],
  ['export * as all from "x";', "all of x"],
  ['import { a } from "x"; export { a };', "a of x"],
  ['import { a as b } from "x"; export { b as c };', "c of x"],
  ['import type { A } from "x"; export type { A };', "A of x"],
  ['import { type A } from "x"; export { type A };', "A of x"],
  ['import * as all from "x"; export { all };', "all of x"],
  ['import a from "x"; export default a;', "default of x"],
  ['import { a } from "x"; export const b = a;', "b of x"],
  ['import { a } from "x"; const b = a; export { b };', "b of x"],
  ['import * as all from "x"; export const a = all.a;', "a of x"],
  ['import type { A } from "x"; export type B = A;', "B of x"],
  ['import type * as all from "x"; export type B = all.A;', "B of x"],
  ['export type B = import("x").A;', "B of x"],
])("%s hands on %s", (text, expected) => {
  expect(reExports(text)).toEqual([expected]);
});

test.each([
  ['import { a } from "x"; export const b = a + 1;'],
  ['import { a } from "x"; export const b = a.c;'],
  ['import type { A } from "x"; export type B = A<string>;'],
  ['import type { A } from "x"; export type B = A | string;'],
  ['import type { A } from "x"; export interface B { a: A }'],
  ['import { a } from "x"; export function b(a: number) { return a; }'],
  ['import { a } from "x"; function b() { const a = 1; return a; } export { b };'],
])("%s hands on nothing", (text) => {
  expect(reExports(text)).toEqual([]);
});

test("a file that does not parse is an error with its line", () => {
  expect(() => readModuleRecord("a.ts", "\nconst = 1;")).toThrow(/^a\.ts:2: /);
});
