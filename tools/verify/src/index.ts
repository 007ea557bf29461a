export { installConsumer, specifiersOf } from "./consumer.ts";
export { type PackedPackage, packAll } from "./pack.ts";
export { packedSizeLimit } from "./packed-size.ts";
export { installedProgram, packageManager, runCommand } from "./run-command.ts";
