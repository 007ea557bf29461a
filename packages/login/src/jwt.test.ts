import { describe, expect, test } from "vitest";
import { jwtExpiration, parseIdToken } from "./index.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encode({ alg: "none" })}.${encode(claims)}.sig`;

describe("parseIdToken", () => {
  test("reads the claims of the profile and of the account", () => {
    const token = jwt({
      email: "kim@test",
      "https://api.openai.com/profile": { email: "other@test" },
      "https://api.openai.com/auth": {
        chatgpt_plan_type: "pro",
        chatgpt_user_id: "user-1",
        user_id: "user-2",
        chatgpt_account_id: "ws-42",
      },
    });
    expect(parseIdToken(token)).toEqual({
      email: "kim@test",
      plan: { kind: "known", plan: "pro" },
      userId: "user-1",
      accountId: "ws-42",
    });
  });

  test("falls back to the profile's email and to user_id", () => {
    const token = jwt({
      "https://api.openai.com/profile": { email: "kim@test" },
      "https://api.openai.com/auth": { user_id: "user-2" },
    });
    expect(parseIdToken(token)).toEqual({
      email: "kim@test",
      plan: null,
      userId: "user-2",
      accountId: null,
    });
  });

  test("missing claims are null", () => {
    const empty = { email: null, plan: null, userId: null, accountId: null };
    expect(parseIdToken(jwt({}))).toEqual(empty);
    expect(parseIdToken(`${jwt({})}.a.fourth.part`)).toEqual(empty);
  });

  test.each([
    "not-a-jwt",
    "",
    "a..c",
    "a.b",
    ".e30.c",
    "h.e30=.s",
    "h.e3 0.s",
    "h.e30aa.s",
    `h.${encode([])}.s`,
    `h.${encode("text")}.s`,
    jwt({ email: 7 }),
    jwt({ "https://api.openai.com/auth": "text" }),
    jwt({ "https://api.openai.com/auth": { chatgpt_plan_type: 1 } }),
  ])("%j is refused", (token) => {
    expect(() => parseIdToken(token)).toThrow(expect.objectContaining({ code: "invalid_jwt" }));
  });

  test("the message does not repeat the token", () => {
    const broken = `h.${Buffer.from('{"secret-claim').toString("base64url")}.s`;
    expect(() => parseIdToken(broken)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret-claim") }),
    );
  });
});

describe("jwtExpiration", () => {
  test("exp is in seconds", () => {
    expect(jwtExpiration(jwt({ exp: 1_700_000_000 }))).toEqual(new Date("2023-11-14T22:13:20Z"));
  });

  test("no exp, no expiration", () => {
    expect(jwtExpiration(jwt({}))).toBeNull();
  });

  test.each(["not-a-jwt", jwt({ exp: "1700000000" }), jwt({ exp: 1.5 }), jwt({ exp: 1e300 })])(
    "%j is refused",
    (token) => {
      expect(() => jwtExpiration(token)).toThrow(expect.objectContaining({ code: "invalid_jwt" }));
    },
  );
});
