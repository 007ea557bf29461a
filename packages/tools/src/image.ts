// Image files to what a model takes: a data URL of a PNG, JPEG or WebP within its size limit.
import { readFile } from "node:fs/promises";
import type * as ImageCodec from "@napi-rs/image";
import { type ImageFormat, type ImageHeader, readImageHeader } from "./image-header.ts";

/** A larger image is scaled down to fit. */
const MAX_WIDTH = 2048;
const MAX_HEIGHT = 768;
const JPEG_QUALITY = 85;
/** More than any camera makes; what decodes to more would take gigabytes of memory. */
const MAX_PIXELS = 100_000_000;

/**
 * `unsupported_type`: no PNG, JPEG, WebP or GIF. `invalid_image`: it cannot be decoded, or is out
 * of size. `codec_missing`: the native package that scales images is not installed for this
 * platform.
 */
export type ImageErrorCode =
  /** The file cannot be read. */
  | "unreadable"
  /** The file is no image of a kind that models take. */
  | "unsupported_type"
  /** The file says that it is an image, and cannot be decoded. */
  | "invalid_image"
  /** The library that decodes images is not installed. */
  | "codec_missing";

/** Why a file cannot be shown to the model. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `fit`: within the model's size limit. `original`: as large as it is. */
export type ImageSizing = "fit" | "original";

/**
 * Turns an image into a data URL. Bytes that need no change stay as they are; a larger image is scaled
 * down in its own format, and of a GIF the first frame becomes a PNG.
 *
 * @throws ImageError when the bytes are not an image that can be shown.
 */
export async function imageDataUrl(bytes: Uint8Array, sizing: ImageSizing): Promise<string> {
  const header = readImageHeader(bytes);
  if (header === null) {
    throw new ImageError(
      "unsupported_type",
      "it is not a PNG, JPEG, WebP or GIF image; convert it to one of these first",
    );
  }
  const { width, height } = header;
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) {
    throw new ImageError("invalid_image", `its size of ${width}×${height} pixels is out of range`);
  }
  const isKept = header.format !== "gif" && (sizing === "original" || fits(header));
  const format = header.format === "gif" ? "png" : header.format;
  const data = isKept ? await verified(bytes) : await converted(bytes, header, format, sizing);
  return `data:image/${format};base64,${Buffer.from(data).toString("base64")}`;
}

function fits({ width, height }: Pick<ImageHeader, "width" | "height">): boolean {
  return width <= MAX_WIDTH && height <= MAX_HEIGHT;
}

type Codec = typeof ImageCodec;

/** The codec is a native module of 18 MB that not every platform has: loaded when first needed. */
async function loadCodec(): Promise<Codec> {
  try {
    return await import("@napi-rs/image");
  } catch (cause) {
    throw new ImageError(
      "codec_missing",
      "it must be converted, and the optional package @napi-rs/image is not installed for this platform; scale it down to 2048×768 pixels first",
      { cause },
    );
  }
}

/** An image that does not decode would make every further request of the thread fail. */
async function verified(bytes: Uint8Array): Promise<Uint8Array> {
  let codec: Codec;
  try {
    codec = await loadCodec();
  } catch {
    return bytes;
  }
  await decoding(() => new codec.Transformer(bytes).metadata());
  return bytes;
}

async function converted(
  bytes: Uint8Array,
  header: ImageHeader,
  format: Exclude<ImageFormat, "gif">,
  sizing: ImageSizing,
): Promise<Uint8Array> {
  const codec = await loadCodec();
  return decoding(async () => {
    const transformer = await transformerOf(codec, bytes, header);
    const size = sizing === "fit" ? await scaledSize(transformer, header) : null;
    // Without an argument this turns a photo the way up that its metadata says.
    transformer.rotate();
    if (size !== null) {
      transformer.fastResize({
        ...size,
        filter: codec.FastResizeFilter.Bilinear,
        fit: codec.ResizeFit.Fill,
      });
    }
    if (format === "jpeg") return transformer.jpeg(JPEG_QUALITY);
    return format === "webp" ? transformer.webpLossless() : transformer.png();
  });
}

type Transformer = InstanceType<Codec["Transformer"]>;

async function transformerOf(
  codec: Codec,
  bytes: Uint8Array,
  header: ImageHeader,
): Promise<Transformer> {
  if (header.format !== "gif") return new codec.Transformer(bytes);
  const { decodeFirstGifFrame } = await import("./gif-frame.ts");
  const { rgba, width, height } = decodeFirstGifFrame(bytes);
  return codec.Transformer.fromRgbaPixels(rgba, width, height);
}

/** The size, after the turn, that fits the limit; null when the image fits as it is. */
async function scaledSize(
  transformer: Transformer,
  header: ImageHeader,
): Promise<{ readonly width: number; readonly height: number } | null> {
  const { orientation = 1 } =
    header.format === "jpeg" ? await transformer.metadata(/*withExif*/ true) : {};
  // From the fifth orientation on, the image lies on its side.
  const [width, height] =
    orientation >= 5 ? [header.height, header.width] : [header.width, header.height];
  const scale = Math.min(MAX_WIDTH / width, MAX_HEIGHT / height);
  if (scale >= 1) return null;
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

async function decoding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw new ImageError("invalid_image", `it cannot be decoded: ${reason}`, { cause: error });
  }
}

/** An image file for the model, or why there is none. */
export type LoadedImage =
  | { readonly kind: "image"; readonly dataUrl: string }
  /** `message` is a sentence that names the file and the reason. */
  | { readonly kind: "failed"; readonly code: ImageErrorCode; readonly message: string };

/** Reads an image file that a person attached, scaled down to the model's limit. Never rejects. */
export async function loadImageForModel(
  path: string,
  sizing: ImageSizing = "fit",
): Promise<LoadedImage> {
  try {
    return { kind: "image", dataUrl: await imageDataUrl(await readImageFile(path), sizing) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return {
      kind: "failed",
      code: error.code,
      message: `The image at ${path} cannot be shown: ${error.message}.`,
    };
  }
}

async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImageError("unreadable", `it cannot be read: ${reason}`, { cause });
  }
}
