// What a policy allows, without the means to confine anything: for programs that ask and let others run.
export {
  type ResolveContextOptions,
  type ResolvedContext,
  resolveContext,
} from "./effective-context.ts";
export { isPathReadable, isPathWritable, type PathAccess, pathAccess } from "./path-access.ts";
export { SandboxError, type SandboxErrorCode } from "./sandbox.ts";
export { needsSandbox } from "./needs-sandbox.ts";
export { intersectProfiles, mergeProfiles, normalizeProfile } from "./permission-profile.ts";
