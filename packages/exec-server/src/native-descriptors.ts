// Pipes and terminals from the C library. koffi is loaded when the first is needed.
import { closeSync, constants as fileConstants, openSync } from "node:fs";
import type { TerminalSize } from "./environment.ts";

export interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

export interface PseudoTerminal {
  /** This side: what the process prints is read from it, and what it is to read is written to it. */
  readonly masterFd: number;
  /** The other side's device, for the process to open. */
  readonly path: string;
  /** Held open for as long as the process runs, lest the terminal look hung up. */
  readonly slaveFd: number;
}

export interface NativeDescriptors {
  openPipe(): PipeEnds;
  openTerminal(size: TerminalSize): PseudoTerminal;
  resizeTerminal(masterFd: number, size: TerminalSize): void;
}

interface PlatformConstants {
  readonly closeOnExec: number;
  readonly setWindowSize: number;
}

/** fcntl.h and sys/ioctl.h. */
const platformConstants: Partial<Record<NodeJS.Platform, PlatformConstants>> = {
  linux: { closeOnExec: 0o2000000, setWindowSize: 0x5414 },
  darwin: { closeOnExec: 0x1000000, setWindowSize: 0x80087467 },
};

const maxPathBytes = 128;
/** `struct termios` is 60 bytes on Linux and 72 on macOS; its input flags come first. */
const maxAttributesBytes = 128;
const utf8Input = 0x4000;

/** `struct winsize`. */
function windowSize({ rows, cols }: TerminalSize): Buffer {
  const size = Buffer.alloc(8);
  new Uint16Array(size.buffer, size.byteOffset, 2).set([rows, cols]);
  return size;
}

/** Null where koffi does not load or the platform is another one. */
export async function loadNativeDescriptors(
  platform: NodeJS.Platform,
): Promise<NativeDescriptors | null> {
  const flags = platformConstants[platform];
  if (flags === undefined) return null;
  try {
    const { default: koffi } = await import("koffi");
    const libc = koffi.load(null);
    const failure = (what: string, errno: number): Error => {
      const { getSystemErrorMessage } = process.getBuiltinModule("node:util");
      return new Error(`${what}: ${getSystemErrorMessage(-errno)}`);
    };
    const check = (result: number, what: string): number => {
      if (result >= 0) return result;
      throw failure(what, koffi.errno());
    };

    let makePipe: (fds: number[]) => number;
    if (platform === "linux") {
      const pipe2: (fds: number[], flags: number) => number = libc.func(
        "int pipe2(_Out_ int *fds, int flags)",
      );
      makePipe = (fds) => pipe2(fds, flags.closeOnExec);
    } else {
      // Children get no descriptors but their own there, whatever the flags of ours.
      makePipe = libc.func("int pipe(_Out_ int *fds)");
    }
    const openMaster: (flags: number) => number = libc.func("int posix_openpt(int flags)");
    const grant: (fd: number) => number = libc.func("int grantpt(int fd)");
    const unlock: (fd: number) => number = libc.func("int unlockpt(int fd)");
    const slaveName: (fd: number, name: Buffer, size: number) => number = libc.func(
      "int ptsname_r(int fd, void *name, size_t size)",
    );
    const control: (fd: number, request: number, type: string, value: Buffer) => number = libc.func(
      "int ioctl(int fd, unsigned long request, ...)",
    );

    const getAttributes: (fd: number, attributes: Buffer) => number = libc.func(
      "int tcgetattr(int fd, void *attributes)",
    );
    const setAttributes: (fd: number, when: 0, attributes: Buffer) => number = libc.func(
      "int tcsetattr(int fd, int when, void *attributes)",
    );
    /** Lets the terminal's own line editing erase a character of several bytes as one. */
    const useUtf8 = (fd: number): void => {
      const attributes = Buffer.alloc(maxAttributesBytes);
      check(getAttributes(fd, attributes), "tcgetattr");
      const inputFlags = new Uint32Array(attributes.buffer, attributes.byteOffset, 1);
      inputFlags[0] = (inputFlags[0] ?? 0) | utf8Input;
      check(setAttributes(fd, /*when*/ 0, attributes), "tcsetattr");
    };

    const resizeTerminal = (masterFd: number, size: TerminalSize): void => {
      check(control(masterFd, flags.setWindowSize, "void *", windowSize(size)), "TIOCSWINSZ");
    };
    return {
      openPipe() {
        const fds = [-1, -1];
        check(makePipe(fds), "pipe");
        const [readFd = -1, writeFd = -1] = fds;
        return { readFd, writeFd };
      },
      openTerminal(size) {
        const masterFd = check(
          openMaster(fileConstants.O_RDWR | fileConstants.O_NOCTTY | flags.closeOnExec),
          "posix_openpt",
        );
        try {
          check(grant(masterFd), "grantpt");
          check(unlock(masterFd), "unlockpt");
          const name = Buffer.alloc(maxPathBytes);
          const error = slaveName(masterFd, name, name.length);
          if (error !== 0) throw failure("ptsname_r", error);
          const path = name.toString("utf8", 0, name.indexOf(0));
          resizeTerminal(masterFd, size);
          const slaveFd = openSync(path, fileConstants.O_RDWR | fileConstants.O_NOCTTY);
          useUtf8(slaveFd);
          return { masterFd, path, slaveFd };
        } catch (error) {
          closeSync(masterFd);
          throw error;
        }
      },
      resizeTerminal,
    };
  } catch {
    return null;
  }
}
