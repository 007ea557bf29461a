// posix_spawn and waitpid of the C library. Node's own spawn forks: its time grows with the memory of
// this process, and it cannot start a child from a thread that has confined itself. Linux only.
import { closeSync } from "node:fs";
import { constants } from "node:os";
import type Koffi from "koffi";
import type { ExitStatus } from "./sandbox.ts";

/** Where a descriptor of the child comes from. */
export type ChildDescriptor =
  | { readonly fd: number }
  /** Opened by the child for reading and writing, once it leads its new session. */
  | { readonly open: string };

export interface NativeSpawnRequest {
  /** The program's file; `argv[0]` is only what it is told. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Descriptors 0, 1, 2 … of the child. */
  readonly descriptors: readonly ChildDescriptor[];
}

/** The error is the C library's number, as in `os.constants.errno`. */
export type NativeSpawnResult = { readonly pid: number } | { readonly errno: number };

export interface NativeSpawner {
  /** Starts a program as the leader of a new session; its errors come from the child's own exec. */
  spawn(request: NativeSpawnRequest): NativeSpawnResult;
  /** How a child has ended; null while it runs. */
  poll(pid: number): ExitStatus | null;
}

// posix_spawnattr_t and posix_spawn_file_actions_t are 336 and 80 bytes at most on glibc and musl.
const structSize = 512;
const signalSetSize = 128;
// spawn.h of glibc and musl.
const flags = { setSignalDefaults: 0x04, setSignalMask: 0x08, newSession: 0x80 } as const;
const waitNoHang = 1;
const duplicateCloseOnExec = 1030;
const readWrite = 2;

// The first name of a number counts: SIGABRT and not SIGIOT, SIGIO and not SIGPOLL.
const signalNames = new Map<number, NodeJS.Signals>(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);

function decodeStatus(status: number): ExitStatus {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null };
  return { code: null, signal: signalNames.get(signal) ?? "SIGKILL" };
}

type CloseFrom = (actions: Buffer, first: number) => number;

/** Closes what others left open for every child to inherit; glibc 2.34 and newer have it. */
function bindCloseFrom(libc: ReturnType<typeof Koffi.load>): CloseFrom {
  try {
    return libc.func("int posix_spawn_file_actions_addclosefrom_np(void *actions, int first)");
  } catch {
    return () => 0;
  }
}

/** Binds the C library; null where it is too old to start a child in another folder. */
export function createNativeSpawner(koffi: typeof Koffi): NativeSpawner | null {
  const libc = koffi.load(null);
  let setFolder: (actions: Buffer, path: string) => number;
  try {
    setFolder = libc.func(
      "int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)",
    );
  } catch {
    return null;
  }
  const posixSpawn: (
    pid: number[],
    path: string,
    actions: Buffer,
    attributes: Buffer,
    argv: readonly (string | null)[],
    envp: readonly (string | null)[],
  ) => number = libc.func(
    "int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)",
  );
  const closeFrom = bindCloseFrom(libc);
  const initActions: (actions: Buffer) => number = libc.func(
    "int posix_spawn_file_actions_init(void *actions)",
  );
  const destroyActions: (actions: Buffer) => number = libc.func(
    "int posix_spawn_file_actions_destroy(void *actions)",
  );
  const addDuplicate: (actions: Buffer, from: number, to: number) => number = libc.func(
    "int posix_spawn_file_actions_adddup2(void *actions, int from, int to)",
  );
  const addOpen: (
    actions: Buffer,
    fd: number,
    path: string,
    flags: number,
    mode: number,
  ) => number = libc.func(
    "int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)",
  );
  const initAttributes: (attributes: Buffer) => number = libc.func(
    "int posix_spawnattr_init(void *attributes)",
  );
  const setFlags: (attributes: Buffer, value: number) => number = libc.func(
    "int posix_spawnattr_setflags(void *attributes, short flags)",
  );
  const setDefaults: (attributes: Buffer, signals: Buffer) => number = libc.func(
    "int posix_spawnattr_setsigdefault(void *attributes, void *signals)",
  );
  const setMask: (attributes: Buffer, signals: Buffer) => number = libc.func(
    "int posix_spawnattr_setsigmask(void *attributes, void *signals)",
  );
  const waitPid: (pid: number, status: number[], options: number) => number = libc.func(
    "int waitpid(int pid, _Out_ int *status, int options)",
  );
  const controlFile: (fd: number, command: number, argument: number) => number = libc.func(
    "int fcntl(int fd, int command, int argument)",
  );

  // This process ignores some signals (SIGPIPE among them) and may block some; a child must not.
  const attributes = Buffer.alloc(structSize);
  initAttributes(attributes);
  setFlags(attributes, flags.newSession | flags.setSignalDefaults | flags.setSignalMask);
  setDefaults(attributes, Buffer.alloc(signalSetSize, 0xff));
  setMask(attributes, Buffer.alloc(signalSetSize));

  return {
    spawn({ path, argv, env, cwd, descriptors }) {
      const actions = Buffer.alloc(structSize);
      const duplicates: number[] = [];
      initActions(actions);
      try {
        for (const [target, descriptor] of descriptors.entries()) {
          if ("open" in descriptor) {
            addOpen(actions, target, descriptor.open, readWrite, /*mode*/ 0);
            continue;
          }
          let source = descriptor.fd;
          // A low number could be overwritten by an earlier target, or be its own target.
          if (source < descriptors.length) {
            source = controlFile(source, duplicateCloseOnExec, descriptors.length);
            if (source < 0) return { errno: koffi.errno() };
            duplicates.push(source);
          }
          addDuplicate(actions, source, target);
        }
        closeFrom(actions, descriptors.length);
        setFolder(actions, cwd);
        const envp = Object.entries(env).map(([name, value]) => `${name}=${value}`);
        const run = (file: string, words: readonly string[], pid: number[]): number =>
          posixSpawn(pid, file, actions, attributes, [...words, null], [...envp, null]);
        const pid = [0];
        let errno = run(path, argv, pid);
        // A script without an interpreter line is the shell's, as execvp has it.
        if (errno === constants.errno.ENOEXEC) {
          errno = run("/bin/sh", ["sh", path, ...argv.slice(1)], pid);
        }
        return errno === 0 ? { pid: pid[0] ?? 0 } : { errno };
      } finally {
        destroyActions(actions);
        for (const fd of duplicates) closeSync(fd);
      }
    },
    poll(pid) {
      const status = [0];
      const result = waitPid(pid, status, waitNoHang);
      if (result === 0) return null;
      // Below zero: somebody else has taken the exit status.
      return result < 0 ? { code: null, signal: null } : decodeStatus(status[0] ?? 0);
    },
  };
}
