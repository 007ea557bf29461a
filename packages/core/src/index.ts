export { CoreError, type CoreErrorCode, type StartedThread, type Thread } from "./thread.ts";
export { type ThreadConfig, threadConfig, type ThreadManagerOptions } from "./thread-config.ts";
export { ThreadManager } from "./thread-manager.ts";
