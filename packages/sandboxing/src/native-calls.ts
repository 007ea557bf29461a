// What this package asks of the C library. koffi is loaded when it is first needed, and not required.
import { createNativeSpawner, type NativeSpawner } from "./native-spawn.ts";
import { openUnnamedFile } from "./scratch-file.ts";

export interface NativeCalls {
  readonly spawner: NativeSpawner;
  /** Opens an empty file without a name; the caller closes it. */
  openScratchFile(): number;
  /** Opens a pipe, each end closed on exec; the caller closes both. */
  openPipe(): { readonly readFd: number; readonly writeFd: number };
  /** The version of Landlock that the kernel offers; 0 when it offers none. */
  landlockVersion(): number;
}

const closeOnExec = 1;
/** fcntl.h */
const pipeCloseOnExec = 0o2000000;
const landlockCreateRuleset = 444;
const landlockVersionFlag = 1;

/** Null where koffi or a part of the C library is missing. */
export async function loadNativeCalls(): Promise<NativeCalls | null> {
  try {
    const { default: koffi } = await import("koffi");
    const spawner = createNativeSpawner(koffi);
    if (spawner === null) return null;
    const libc = koffi.load(null);
    const createMemoryFile: (name: string, flags: number) => number = libc.func(
      "int memfd_create(const char *name, unsigned int flags)",
    );
    const makePipe: (fds: number[], flags: number) => number = libc.func(
      "int pipe2(_Out_ int *fds, int flags)",
    );
    const systemCall: (number: number, pointer: null, size: number, flags: number) => number =
      libc.func("long syscall(long number, void *pointer, size_t size, unsigned int flags)");
    return {
      spawner,
      openScratchFile() {
        const fd = createMemoryFile("codex-ts", closeOnExec);
        return fd < 0 ? openUnnamedFile() : fd;
      },
      openPipe() {
        const fds = [-1, -1];
        if (makePipe(fds, pipeCloseOnExec) < 0) {
          throw new Error(
            `no pipe can be opened: ${process.getBuiltinModule("node:util").getSystemErrorMessage(-koffi.errno())}`,
          );
        }
        const [readFd = -1, writeFd = -1] = fds;
        return { readFd, writeFd };
      },
      landlockVersion: () =>
        Math.max(
          0,
          systemCall(landlockCreateRuleset, /*pointer*/ null, /*size*/ 0, landlockVersionFlag),
        ),
    };
  } catch {
    return null;
  }
}
