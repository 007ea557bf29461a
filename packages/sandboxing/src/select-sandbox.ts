// Whether a command needs a sandbox at all.
import type { FileSystemSandboxPolicy, NetworkSandboxPolicy } from "@codex-ts/protocol";
import { hasFullDiskWrite } from "./access.ts";
import type { SandboxType } from "./sandbox.ts";

/** `auto` confines when the policy asks for it, `require` wherever the machine can, `forbid` never. */
export type SandboxPreference = "auto" | "require" | "forbid";

/** Whether there is anything in the policies that only a sandbox can hold a command to. */
export function needsSandbox(
  fileSystem: FileSystemSandboxPolicy,
  network: NetworkSandboxPolicy,
): boolean {
  if (network === "restricted") return fileSystem.kind !== "external-sandbox";
  return fileSystem.kind === "restricted" && !hasFullDiskWrite(fileSystem);
}

/** The sandbox that a command is to get: `platform` (what this machine has) or none. */
export function selectSandbox(options: {
  readonly fileSystem: FileSystemSandboxPolicy;
  readonly network: NetworkSandboxPolicy;
  readonly preference: SandboxPreference;
  readonly platform: SandboxType;
}): SandboxType {
  switch (options.preference) {
    case "forbid":
      return "none";
    case "require":
      return options.platform;
    case "auto":
      return needsSandbox(options.fileSystem, options.network) ? options.platform : "none";
  }
}
