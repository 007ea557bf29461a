// Request bodies, compressed.
import { gathered, isPiecewise, type RequestBody } from "./request-body.ts";

/** Compresses `body` (a text as UTF-8) with zstd at level 3, for a body with `content-encoding: zstd`. */
export async function compressZstd(body: RequestBody): Promise<Buffer> {
  const zlib = process.getBuiltinModule("node:zlib");
  const { buffer } = process.getBuiltinModule("node:stream/consumers");
  const { pipeline, Readable } = process.getBuiltinModule("node:stream");
  const level = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 3 } };
  const pieces = isPiecewise(body)
    ? gathered(body)
    : [typeof body === "string" ? Buffer.from(body) : body];
  const compressed = zlib.createZstdCompress(level);
  // What goes wrong before the end comes out of `compressed` as its error.
  pipeline(Readable.from(pieces), compressed, () => {});
  return buffer(compressed);
}
