import { expect, it } from "vitest";
import { isLegalHeaderValue, mergeHeaders } from "./headers.ts";

it("lets a later layer win, whatever the case of the name", () => {
  expect(
    mergeHeaders(
      { originator: "default", "User-Agent": "default" },
      { ORIGINATOR: "provider", version: "provider", session_id: "provider" },
      undefined,
      { version: "request", Session_Id: "request" },
      { SESSION_ID: "auth" },
    ),
  ).toEqual({
    ORIGINATOR: "provider",
    "User-Agent": "default",
    version: "request",
    SESSION_ID: "auth",
  });
});

it("leaves out what is not legal, without hiding a weaker layer", () => {
  expect(
    mergeHeaders(
      { authorization: "Bearer weak" },
      {
        authorization: "Bearer a\nb",
        "two words": "x",
        "": "x",
        "x-nul": "a\0b",
        "x-accent": "é",
        "x-tab": "a\tb",
        "x-empty": "",
      },
    ),
  ).toEqual({ authorization: "Bearer weak", "x-tab": "a\tb", "x-empty": "" });
  expect(isLegalHeaderValue("a\rb")).toBe(false);
});
