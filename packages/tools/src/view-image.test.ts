import { Transformer } from "@napi-rs/image";
import { temporaryDirectory } from "@codex-ts/test-support";
import { afterAll, describe, expect, test } from "vitest";
import type { ToolContext } from "./tool.ts";
import { type TestTurn, localTestEnvironment, testTurn } from "./tool-context.fixture.ts";
import { createViewImageTool } from "./view-image.ts";
import { readImageHeader } from "./image-header.ts";

const local = await localTestEnvironment();
afterAll(() => local[Symbol.asyncDispose]());

const viewImage = createViewImageTool({ originalDetail: true });
const large = await Transformer.fromRgbaPixels(Buffer.alloc(2304 * 864 * 4, 0x80), 2304, 864).png();

async function turnWith(parts: Partial<ToolContext> = {}): Promise<TestTurn> {
  const turn = testTurn(await temporaryDirectory(), { environment: local.environment, ...parts });
  await turn.folder.write({ "large.png": large, "text.txt": "hello" });
  return turn;
}

function sizeOf(output: unknown): unknown {
  const [part] = output as readonly [{ readonly image_url: string }];
  const header = readImageHeader(Buffer.from(part.image_url.split(",")[1] ?? "", "base64"));
  return [header?.width, header?.height];
}

describe("view_image", () => {
  test("answers with an image that fits, and tells the client", async () => {
    await using turn = await turnWith();
    const output = await turn.run(viewImage, { path: "large.png", detail: null });
    expect(output).toEqual([
      { type: "input_image", image_url: expect.stringMatching(/^data:image\/png;base64,/) },
    ]);
    expect(sizeOf(output)).toEqual([2048, 768]);
    expect(turn.events).toEqual([
      { type: "view_image_tool_call", call_id: "call-1", path: turn.folder.join("large.png") },
    ]);
  });

  test("the original size is for models that can see it", async () => {
    await using able = await turnWith({ supportsOriginalImageDetail: true });
    const original = await able.run(viewImage, { path: "large.png", detail: "original" });
    expect(original).toMatchObject([{ detail: "original" }]);
    expect(sizeOf(original)).toEqual([2304, 864]);
    await using unable = await turnWith();
    const scaled = await unable.run(viewImage, { path: "large.png", detail: "original" });
    expect(sizeOf(scaled)).toEqual([2048, 768]);
    expect(scaled).not.toMatchObject([{ detail: "original" }]);
  });

  test.each([
    [{ path: "large.png", detail: "low" }, /can only be `original`, not `low`/],
    [{ path: "missing.png" }, /^cannot read the image at `\/.*\/missing\.png`: ENOENT/],
    [{ path: "." }, /^the image path `\/.*` is not a file$/],
    [{ path: "text.txt" }, /^cannot show the image at `\/.*\/text\.txt`: it is not a PNG/],
    [{}, /missing field `path`/],
  ])("%j is refused by name", async (args, message) => {
    await using turn = await turnWith();
    expect(await turn.run(viewImage, args)).toMatch(message);
    expect(turn.events).toEqual([]);
  });

  test("a model that takes text only is told so", async () => {
    await using turn = await turnWith({ supportsImageInput: false });
    expect(await turn.run(viewImage, { path: "large.png" })).toMatch(/this model takes text only/);
  });

  test("detail is offered only where it can be used", () => {
    const properties = [true, false].map((originalDetail) => {
      const { spec } = createViewImageTool({ originalDetail });
      return spec?.type === "function" ? Object.keys(spec.parameters.properties ?? {}) : null;
    });
    expect(properties).toEqual([["detail", "path"], ["path"]]);
  });
});
