// Request bodies, compressed.
import { gathered, isPiecewise, type RequestBody } from "./request-body.ts";

/** Compresses `body` (a text as UTF-8) with zstd at level 3, for a body with `content-encoding: zstd`. */
export async function compressZstd(body: RequestBody): Promise<Buffer> {
  const zlib = process.getBuiltinModule("node:zlib");
  const { buffer } = process.getBuiltinModule("node:stream/consumers");
  const { Readable } = process.getBuiltinModule("node:stream");
  const level = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 3 } };
  const pieces = isPiecewise(body) ? gathered(body) : [Buffer.from(body as Uint8Array)];
  return buffer(Readable.from(pieces).pipe(zlib.createZstdCompress(level)));
}
