import { expect, test } from "vitest";
import { childEnvironment } from "./child-environment.ts";

const env = {
  PATH: "/bin",
  HOME: "/home/kim",
  API_KEY: "k",
  SECRET_TOKEN: "t",
  EDITOR: "ed",
  UNSET: undefined,
};

test("by default everything is inherited, names that look like secrets too", () => {
  expect(childEnvironment({}, env)).toEqual({
    PATH: "/bin",
    HOME: "/home/kim",
    API_KEY: "k",
    SECRET_TOKEN: "t",
    EDITOR: "ed",
  });
});

test("ignore_default_excludes = false drops names that look like secrets", () => {
  expect(childEnvironment({ ignore_default_excludes: false }, env)).toEqual({
    PATH: "/bin",
    HOME: "/home/kim",
    EDITOR: "ed",
  });
});

test("core keeps a short list", () => {
  expect(childEnvironment({ inherit: "core" }, env)).toEqual({ PATH: "/bin", HOME: "/home/kim" });
});

test("core ignores case on Windows alone", () => {
  const windows = { Path: "C:\\bin", Temp: "C:\\tmp", Editor: "ed" };
  expect(childEnvironment({ inherit: "core" }, windows, { platform: "win32" })).toEqual({
    Path: "C:\\bin",
    Temp: "C:\\tmp",
  });
  expect(childEnvironment({ inherit: "core" }, windows, { platform: "linux" })).toEqual({});
});

test("none with set leaves just what is set, and the thread id", () => {
  expect(childEnvironment({ inherit: "none", set: { A: "1" } }, env, { threadId: "t-1" })).toEqual({
    A: "1",
    CODEX_THREAD_ID: "t-1",
  });
});

test("set comes after exclude", () => {
  expect(
    childEnvironment({ inherit: "core", exclude: ["p?th"], set: { PATH: "/opt" } }, env),
  ).toEqual({ HOME: "/home/kim", PATH: "/opt" });
  expect(childEnvironment({ exclude: ["*_*", "home", "EDITOR"] }, env)).toEqual({ PATH: "/bin" });
});

test("include_only filters what is set too, but never the thread id", () => {
  expect(
    childEnvironment({ include_only: ["*PATH"], set: { A: "1", MY_PATH: "x" } }, env, {
      threadId: "t-1",
    }),
  ).toEqual({ PATH: "/bin", MY_PATH: "x", CODEX_THREAD_ID: "t-1" });
});

test("pattern characters of regular expressions mean themselves", () => {
  expect(
    childEnvironment({ include_only: ["A.B", "C+"] }, { "A.B": "1", AxB: "2", CC: "3" }),
  ).toEqual({ "A.B": "1" });
});
