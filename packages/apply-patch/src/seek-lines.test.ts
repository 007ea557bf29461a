import { expect, test } from "vitest";
import { seekLines } from "./index.ts";

test("an empty pattern is found where the search starts", () => {
  expect(seekLines(["a", "b"], [], { start: 1 })).toBe(1);
});

test("a pattern longer than the file is not found", () => {
  expect(seekLines(["a"], ["a", "b"])).toBeNull();
  expect(seekLines(["a"], ["a", "b"], { endOfFile: true })).toBeNull();
});

test("equal lines are found at or after the start", () => {
  expect(seekLines(["a", "b", "a", "b"], ["a", "b"])).toBe(0);
  expect(seekLines(["a", "b", "a", "b"], ["a", "b"], { start: 1 })).toBe(2);
  expect(seekLines(["a", "b"], ["a"], { start: 1 })).toBeNull();
});

test("trailing blanks are forgiven before leading ones", () => {
  expect(seekLines(["  a", "a  "], ["a"])).toBe(1);
  expect(seekLines(["  a  "], ["a"])).toBe(0);
});

test("every folded dash, quote and space equals its ASCII form", () => {
  const dashes = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212";
  const singleQuotes = "\u2018\u2019\u201a\u201b";
  const doubleQuotes = "\u201c\u201d\u201e\u201f";
  const spaces = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000";
  const line = `x${dashes}${singleQuotes}${doubleQuotes}${spaces}x`;
  const ascii = `x${"-".repeat(7)}${"'".repeat(4)}${'"'.repeat(4)}${" ".repeat(13)}x`;
  expect(seekLines([line], [ascii])).toBe(0);
  expect(seekLines([ascii], [line])).toBe(0);
});

test("letters are not folded", () => {
  expect(seekLines(["A", "\u00e9"], ["a"])).toBeNull();
  expect(seekLines(["A", "\u00e9"], ["e"])).toBeNull();
});

test("at the end of the file even a loose match beats an exact one above", () => {
  expect(seekLines(["a", "b", " a"], ["a"], { endOfFile: true })).toBe(2);
});

test("an end-of-file pattern that is not at the end is sought from the start", () => {
  expect(seekLines(["a", "b", "c"], ["a", "b"], { endOfFile: true })).toBe(0);
});

test("the end of the file is no place when it lies above the start", () => {
  expect(seekLines(["a", "b"], ["a", "b"], { start: 1, endOfFile: true })).toBeNull();
});
