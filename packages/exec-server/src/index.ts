export * from "./environment.ts";
export { createLocalEnvironment, type LocalEnvironmentOptions } from "./local-environment.ts";
