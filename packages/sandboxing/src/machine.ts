// What this machine has for starting and confining processes; found out once, when first needed.
import { createExitWatch, type ExitWatch } from "./exit-watch.ts";
import { createNativeLauncher, createNodeLauncher } from "./launcher.ts";
import { loadNativeCalls, type NativeCalls } from "./native-calls.ts";
import type { Launcher } from "./sandbox.ts";
import { openUnnamedFile } from "./scratch-file.ts";

export interface Machine {
  readonly launcher: Launcher;
  /** Opens an empty file without a name; the caller closes it. */
  readonly openScratchFile: () => number;
  /** The C library, where it can be called. */
  readonly native: { readonly calls: NativeCalls; readonly exits: ExitWatch } | null;
  readonly isRoot: boolean;
}

export async function inspectMachine(options: {
  readonly platform: NodeJS.Platform;
  readonly nativeCalls: boolean;
}): Promise<Machine> {
  const calls =
    options.nativeCalls && options.platform === "linux" ? await loadNativeCalls() : null;
  const isRoot = process.getuid?.() === 0;
  if (calls === null) {
    return {
      launcher: createNodeLauncher(),
      openScratchFile: openUnnamedFile,
      native: null,
      isRoot,
    };
  }
  const exits = createExitWatch(calls.spawner);
  return {
    launcher: createNativeLauncher({ calls, exits }),
    openScratchFile: () => calls.openScratchFile(),
    native: { calls, exits },
    isRoot,
  };
}
