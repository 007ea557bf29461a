import { expect, test } from "vitest";
import { nearestWord } from "./nearest-word.ts";

const words = ["exec", "login", "logout", "features"];

test.each([
  ["exce", "exec"],
  ["exe", "exec"],
  ["execc", "exec"],
  ["lgoin", "login"],
  ["exec", "exec"],
  ["logn", "login"],
  ["loginn", "login"],
])("%s was meant to be %s", (typed, meant) => {
  expect(nearestWord(typed, words, /*limit*/ 1)).toBe(meant);
});

test.each(["", "fix", "exwxc", "feet"])("%j is a word of its own", (typed) => {
  expect(nearestWord(typed, words, /*limit*/ 1)).toBeNull();
});
