export * from "./environment.ts";
export { createLocalEnvironment, type LocalEnvironmentOptions } from "./local-environment.ts";
export { openLocalFile } from "./open-local-file.ts";
