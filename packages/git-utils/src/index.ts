export { findRepositoryRoot, readGitInfo } from "./repository.ts";
export { readWorkspaceFacts, type WorkspaceFacts } from "./workspace-facts.ts";
