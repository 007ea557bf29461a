import {
  developerMessage,
  emptyTokenUsage,
  type ResponseItem,
  userMessage,
} from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "./history.ts";
import { estimateItems, totalTokens } from "./token-estimate.ts";

/** A PNG as far as its size is concerned. */
function png(width: number, height: number, bytes: number): string {
  const data = Buffer.alloc(bytes);
  data.write("\x89PNG\r\n\x1a\n", 0, "latin1");
  data.write("IHDR", 12, "latin1");
  data.writeUInt32BE(width, 16);
  data.writeUInt32BE(height, 20);
  return data.toString("base64");
}

const withImage = (image_url: string): ResponseItem => ({
  type: "message",
  role: "user",
  content: [{ type: "input_image", image_url }],
});
const viewed = (image_url: string, detail: "original" | "high"): ResponseItem => ({
  type: "function_call_output",
  call_id: "c",
  output: [{ type: "input_image", image_url, detail }],
});
const estimate = (...items: readonly ResponseItem[]): number => estimateItems("", items);
const jsonTokens = (item: ResponseItem, more = 0): number =>
  Math.ceil((Buffer.byteLength(JSON.stringify(item)) + more) / 4);

describe("an item takes", () => {
  test("a token for four bytes of its JSON, rounded up, beside those of the instructions", () => {
    const item = userMessage("äöü");
    expect(estimateItems("12345", [item, item])).toBe(2 + 2 * jsonTokens(item));
  });

  test("for encrypted content three quarters of it, less what is not read", () => {
    const encrypted = "x".repeat(4000);
    const reasoning = { summary: [], content: null, encrypted_content: encrypted } as const;
    expect(estimate({ type: "reasoning", ...reasoning })).toBe(Math.ceil((3000 - 650) / 4));
    expect(estimate({ type: "compaction", encrypted_content: "x".repeat(800) })).toBe(0);
  });

  test("nothing for a snapshot of the work tree", () => {
    expect(estimate({ type: "ghost_snapshot", ghost_commit: { id: "abc" } })).toBe(0);
  });

  test("the same for each image, whatever its data; in any letter case, with any parameters", () => {
    const data = png(/*width*/ 100, /*height*/ 100, /*bytes*/ 30_000);
    for (const prefix of ["data:image/png;base64,", "DATA:Image/PNG;name=a;BASE64,"]) {
      expect(estimate(withImage(prefix + data))).toBe(jsonTokens(withImage(prefix), /*more*/ 7373));
    }
  });

  test("as they are for addresses of images, and data that are none", () => {
    for (const url of [
      "https://x/y.png",
      `data:text/plain;base64,${"A".repeat(100)}`,
      "data:image/png,abc",
    ]) {
      expect(estimate(withImage(url))).toBe(jsonTokens(withImage(url)));
    }
  });

  test("as it is for text that looks like an image", () => {
    const item = userMessage(`data:image/png;base64,${"A".repeat(40_000)}`);
    expect(estimate(item)).toBe(jsonTokens(item));
  });

  test("by its size for an image that a tool shows in full detail", () => {
    const prefix = "data:image/png;base64,";
    const large = prefix + png(/*width*/ 3201, /*height*/ 64, /*bytes*/ 30_000);
    expect(estimate(viewed(large, "original"))).toBe(
      jsonTokens(viewed(prefix, "original"), 4 * 101 * 2),
    );
    expect(estimate(viewed(large, "high"))).toBe(jsonTokens(viewed(prefix, "high"), /*more*/ 7373));
    const unknown = `${prefix}AAAA`;
    expect(estimate(viewed(unknown, "original"))).toBe(
      jsonTokens(viewed(prefix, "original"), /*more*/ 7373),
    );
  });
});

describe("the next request takes", () => {
  const entry = (item: ResponseItem, origin: HistoryEntry["origin"] = null): HistoryEntry => ({
    item,
    origin,
  });
  const answer: ResponseItem = {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: "ok" }],
  };
  const thought: ResponseItem = {
    type: "reasoning",
    summary: [],
    content: null,
    encrypted_content: "x".repeat(8000),
  };
  const tokenInfo = {
    total_token_usage: { ...emptyTokenUsage, total_tokens: 9000 },
    last_token_usage: { ...emptyTokenUsage, total_tokens: 1000 },
    model_context_window: null,
  };
  const total = (entries: readonly HistoryEntry[], serverCountsReasoning = false): number =>
    totalTokens({ entries, tokenInfo, serverCountsReasoning });

  test("the last response's count, and what came behind what the model wrote last", () => {
    const note = developerMessage("note");
    expect(total([entry(userMessage("hi"), "user"), entry(answer)])).toBe(1000);
    expect(total([entry(answer), entry(note, "context")])).toBe(1000 + jsonTokens(note));
  });

  test("the reasoning of earlier turns, unless the service counts it itself", () => {
    const entries = [entry(thought), entry(answer), entry(userMessage("x"), "user"), entry(answer)];
    const thinking = estimate(thought);
    expect([total(entries), total(entries, /*serverCountsReasoning*/ true)]).toEqual([
      1000 + thinking,
      1000,
    ]);
    expect(total([entry(userMessage("x"), "user"), entry(thought), entry(answer)])).toBe(1000);
  });
});
