export * from "./sandbox.ts";
export { hasFullDiskRead, hasFullDiskWrite, type PathContext, resolveAccess } from "./access.ts";
export {
  type BwrapCommand,
  type BwrapOptions,
  type BwrapPolicy,
  buildBwrapArgs,
} from "./bwrap-args.ts";
export { createSandbox, type SandboxOptions } from "./create-sandbox.ts";
export { effectiveFileSystem, effectiveNetwork, effectiveSandboxPolicy } from "./effective.ts";
export {
  type ResolveContextOptions,
  type ResolvedContext,
  resolveContext,
} from "./effective-context.ts";
export { findSystemBwrap } from "./find-bwrap.ts";
export { type ExecutableLookup, findExecutable } from "./find-executable.ts";
export { type HostFileKind, type HostFiles, nodeHostFiles } from "./host-files.ts";
export { fromSandboxPolicy, type SplitPolicy } from "./legacy-policy.ts";
export { isPathReadable, isPathWritable, type PathAccess, pathAccess } from "./path-access.ts";
export { intersectProfiles, mergeProfiles, normalizeProfile } from "./permission-profile.ts";
export { readableRoots, unreadableRoots, type WritableRoot, writableRoots } from "./roots.ts";
export {
  buildSeccompFilter,
  type SeccompArch,
  type SeccompMode,
  type SeccompOptions,
} from "./seccomp.ts";
export { needsSandbox } from "./needs-sandbox.ts";
export { needsDirectEnforcement, toSandboxPolicy } from "./to-sandbox-policy.ts";
