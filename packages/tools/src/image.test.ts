import { writeFile } from "node:fs/promises";
import { Transformer } from "@napi-rs/image";
import { temporaryDirectory } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { imageDataUrl, loadImageForModel } from "./image.ts";
import { readImageHeader } from "./image-header.ts";

const onePixelGif = Buffer.from(
  "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
  "base64",
);

function picture(width: number, height: number): Transformer {
  const pixels = Buffer.alloc(width * height * 4, 0xff);
  for (let at = 0; at < pixels.length; at += 4) pixels[at] = (at / 4) % 251;
  return Transformer.fromRgbaPixels(pixels, width, height);
}

/** Decodes a data URL into its media type and its header. */
function opened(url: string) {
  const [, type = "", data = ""] = /^data:([^;]+);base64,(.*)$/s.exec(url) ?? [];
  const bytes = Buffer.from(data, "base64");
  return { type, bytes, header: readImageHeader(bytes) };
}

/** A JPEG that says in its metadata that it lies on its side. */
function onItsSide(jpeg: Buffer): Buffer {
  const tiff = Buffer.from("4d4d002a00000008000101120003000000010006000000000000", "hex");
  const exif = Buffer.concat([
    Buffer.from("ffe1", "hex"),
    Buffer.from([0, tiff.length + 8]),
    Buffer.from("Exif\0\0"),
    tiff,
  ]);
  return Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
}

describe("imageDataUrl", () => {
  test("a PNG, JPEG or WebP within 2048×768 keeps its bytes", async () => {
    const images = {
      "image/png": await picture(/*width*/ 2048, /*height*/ 8).png(),
      "image/jpeg": await picture(/*width*/ 8, /*height*/ 768).jpeg(),
      "image/webp": await picture(/*width*/ 32, /*height*/ 32).webpLossless(),
    };
    for (const [type, bytes] of Object.entries(images)) {
      expect(await imageDataUrl(bytes, "fit")).toBe(
        `data:${type};base64,${bytes.toString("base64")}`,
      );
    }
  });

  test("a larger one is scaled down in its own format and keeps its proportions", async () => {
    const sizes = [];
    for (const bytes of [
      await picture(/*width*/ 4096, /*height*/ 16).png(),
      await picture(/*width*/ 20, /*height*/ 1536).jpeg(),
      await picture(/*width*/ 2304, /*height*/ 864).webpLossless(),
    ]) {
      sizes.push(opened(await imageDataUrl(bytes, "fit")).header);
    }
    expect(sizes).toEqual([
      { format: "png", width: 2048, height: 8 },
      { format: "jpeg", width: 10, height: 768 },
      { format: "webp", width: 2048, height: 768 },
    ]);
  });

  test("the original size is kept when asked for", async () => {
    const bytes = await picture(/*width*/ 4096, /*height*/ 8).png();
    expect(opened(await imageDataUrl(bytes, "original")).bytes).toEqual(bytes);
  });

  test("a photo that is scaled is turned the way up that its metadata says", async () => {
    const bytes = onItsSide(await picture(/*width*/ 1536, /*height*/ 200).jpeg());
    expect(opened(await imageDataUrl(bytes, "fit")).bytes).toEqual(bytes);
    const large = onItsSide(await picture(/*width*/ 3072, /*height*/ 200).jpeg());
    expect(opened(await imageDataUrl(large, "fit")).header).toEqual({
      format: "jpeg",
      width: 50,
      height: 768,
    });
  });

  test("a GIF becomes a PNG", async () => {
    expect(opened(await imageDataUrl(onePixelGif, "original"))).toMatchObject({
      type: "image/png",
      header: { format: "png", width: 1, height: 1 },
    });
  });

  test("what does not decode is refused, whatever its first bytes say", async () => {
    const png = await picture(/*width*/ 300, /*height*/ 300).png();
    await expect(imageDataUrl(png.subarray(0, png.length / 2), "fit")).rejects.toMatchObject({
      name: "ImageError",
      code: "invalid_image",
    });
    await expect(imageDataUrl(onePixelGif.subarray(0, 20), "fit")).rejects.toMatchObject({
      code: "invalid_image",
    });
  });

  test("a size that would take gigabytes of memory is refused before it is decoded", async () => {
    const png = Buffer.from(await picture(/*width*/ 1, /*height*/ 1).png());
    png.writeUInt32BE(100_000, 16);
    png.writeUInt32BE(100_000, 20);
    await expect(imageDataUrl(png, "fit")).rejects.toMatchObject({
      code: "invalid_image",
      message: "its size of 100000×100000 pixels is out of range",
    });
  });

  test.each(["", "GIF8", "plain text", "\x89PNG\r\n\x1a\n", "RIFF????WEBPVP8X"])(
    "%j is not an image",
    async (text) => {
      await expect(imageDataUrl(Buffer.from(text, "latin1"), "fit")).rejects.toMatchObject({
        code: "unsupported_type",
      });
    },
  );
});

describe("loadImageForModel", () => {
  test("an image file becomes a data URL", async () => {
    await using folder = await temporaryDirectory();
    const path = `${folder.path}/pixel.png`;
    const bytes = await picture(/*width*/ 1, /*height*/ 1).png();
    await writeFile(path, bytes);
    expect(await loadImageForModel(path)).toEqual({
      kind: "image",
      dataUrl: `data:image/png;base64,${bytes.toString("base64")}`,
    });
  });

  test("a failure is a sentence that names the file and the reason", async () => {
    await using folder = await temporaryDirectory();
    await folder.write({ "a.txt": "hello" });
    expect(await loadImageForModel(`${folder.path}/a.txt`)).toEqual({
      kind: "failed",
      code: "unsupported_type",
      message: `The image at ${folder.path}/a.txt cannot be shown: it is not a PNG, JPEG, WebP or GIF image; convert it to one of these first.`,
    });
    expect(await loadImageForModel(`${folder.path}/none.png`)).toMatchObject({
      kind: "failed",
      code: "unreadable",
    });
    expect(await loadImageForModel(folder.path)).toMatchObject({ code: "unreadable" });
  });
});
