import { expect, test } from "vitest";
import { isUuid, newThreadId, parseThreadId, uuidV7, uuidV7Time } from "./index.ts";

test("ids made one after another sort by the order in which they were made", () => {
  const ids = Array.from({ length: 10_000 }, () => uuidV7(/*now*/ 1_700_000_000_000));
  expect(ids.every(isUuid)).toBe(true);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test("an id carries its time, its version and its variant", () => {
  const id = newThreadId(/*now*/ 1_700_000_000_123);
  expect(uuidV7Time(id)).toBe(1_700_000_000_123);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("any UUID is a thread id, other text is none", () => {
  expect(parseThreadId("0196A000-0000-4000-8000-000000000001")).toBe(
    "0196a000-0000-4000-8000-000000000001",
  );
  expect(parseThreadId("my-session")).toBeNull();
  expect(uuidV7Time("0196a000-0000-4000-8000-000000000001")).toBeNull();
});
