// Loaded at first use: an import of node:crypto costs more than the rest of this package together.
import type * as Crypto from "node:crypto";

export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule("node:crypto");
}
