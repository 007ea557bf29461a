// The format and size of an image, from its first bytes. Sources: PNG (RFC 2083), JPEG (ITU-T T.81),
// WebP (RFC 9649), GIF89a.

/** The formats that are told apart. */
export type ImageFormat = "png" | "jpeg" | "webp" | "gif";

/** What the first bytes of an image say. */
export interface ImageHeader {
  readonly format: ImageFormat;
  /** In pixels, as stored: a JPEG's orientation is not applied. */
  readonly width: number;
  readonly height: number;
}

/** Reads the header of a PNG, JPEG, WebP or GIF image; null for anything else. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return readPng(data) ?? readGif(data) ?? readWebp(data) ?? readJpeg(data);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readPng(data: Buffer): ImageHeader | null {
  if (data.toString("latin1", 0, 8) !== "\x89PNG\r\n\x1a\n") return null;
  if (data.toString("latin1", 12, 16) !== "IHDR") return null;
  return { format: "png", width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
}

function readGif(data: Buffer): ImageHeader | null {
  if (!/^GIF8[79]a$/.test(data.toString("latin1", 0, 6))) return null;
  return { format: "gif", width: data.readUInt16LE(6), height: data.readUInt16LE(8) };
}

function readWebp(data: Buffer): ImageHeader | null {
  if (data.toString("latin1", 0, 4) !== "RIFF") return null;
  switch (data.toString("latin1", 8, 16)) {
    case "WEBPVP8X":
      return {
        format: "webp",
        width: data.readUIntLE(24, 3) + 1,
        height: data.readUIntLE(27, 3) + 1,
      };
    case "WEBPVP8L": {
      const sizes = data.readUInt32LE(21);
      return { format: "webp", width: (sizes & 0x3fff) + 1, height: ((sizes >> 14) & 0x3fff) + 1 };
    }
    case "WEBPVP8 ":
      return {
        format: "webp",
        width: data.readUInt16LE(26) & 0x3fff,
        height: data.readUInt16LE(28) & 0x3fff,
      };
    default:
      return null;
  }
}

function readJpeg(data: Buffer): ImageHeader | null {
  if (data.readUInt16BE(0) !== 0xffd8) return null;
  let at = 2;
  for (;;) {
    while (data.readUInt8(at) === 0xff && data.readUInt8(at + 1) === 0xff) at += 1;
    const marker = data.readUInt16BE(at);
    if (marker < 0xff01) return null;
    // A frame header: C0 to CF, without the tables C4 and CC and the reserved C8.
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      return {
        format: "jpeg",
        height: data.readUInt16BE(at + 5),
        width: data.readUInt16BE(at + 7),
      };
    }
    at += 2 + data.readUInt16BE(at + 2);
  }
}
