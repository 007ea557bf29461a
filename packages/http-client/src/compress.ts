// Request bodies, compressed.

/** Compresses `body` (a text as UTF-8) with zstd at level 3, for a body with `content-encoding: zstd`. */
export async function compressZstd(body: string | Uint8Array): Promise<Buffer> {
  const zlib = process.getBuiltinModule("node:zlib");
  return new Promise((resolve, reject) => {
    zlib.zstdCompress(
      typeof body === "string" ? Buffer.from(body) : body,
      { params: { [zlib.constants.ZSTD_c_compressionLevel]: 3 } },
      (error, result) => (error === null ? resolve(result) : reject(error)),
    );
  });
}
