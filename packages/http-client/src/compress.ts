// Request bodies, compressed.

/** Compresses `text` with zstd at level 3, for a body with `content-encoding: zstd`. */
export async function compressZstd(text: string): Promise<Buffer> {
  const zlib = process.getBuiltinModule("node:zlib");
  return new Promise((resolve, reject) => {
    zlib.zstdCompress(
      Buffer.from(text),
      { params: { [zlib.constants.ZSTD_c_compressionLevel]: 3 } },
      (error, result) => (error === null ? resolve(result) : reject(error)),
    );
  });
}
