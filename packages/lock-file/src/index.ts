export { type LockFileOptions, withLockFile } from "./lock-file.ts";
