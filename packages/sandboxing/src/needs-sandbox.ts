// Whether a command needs a sandbox at all.
import type { FileSystemSandboxPolicy, NetworkSandboxPolicy } from "@codex-ts/protocol";
import { hasFullDiskWrite } from "./access.ts";

/** Whether there is anything in the policies that only a sandbox can hold a command to. */
export function needsSandbox(
  fileSystem: FileSystemSandboxPolicy,
  network: NetworkSandboxPolicy,
): boolean {
  if (network === "restricted") return fileSystem.kind !== "external-sandbox";
  return fileSystem.kind === "restricted" && !hasFullDiskWrite(fileSystem);
}
