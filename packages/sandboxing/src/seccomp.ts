// The system call filter, as the classic BPF program that the kernel takes.

/**
 * `compatible` (what commands get): no network, no tracing, no io_uring, yet programs can still talk to
 * their own children over socket pairs. `restricted` is stricter on socket pairs, which breaks Node.js
 * children; `proxy-routed` allows IP sockets and denies Unix ones.
 */
export type SeccompMode = "compatible" | "restricted" | "proxy-routed";

export type SeccompArch = "x64" | "arm64";

interface SystemCalls {
  readonly audit: number;
  readonly ptrace: number;
  readonly connect: number;
  readonly accept: number;
  readonly accept4: number;
  readonly bind: number;
  readonly listen: number;
  readonly getpeername: number;
  readonly getsockname: number;
  readonly shutdown: number;
  readonly sendto: number;
  readonly sendmmsg: number;
  readonly recvmmsg: number;
  readonly getsockopt: number;
  readonly setsockopt: number;
  readonly socket: number;
  readonly socketpair: number;
}

// Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
const systemCalls: Readonly<Record<SeccompArch, SystemCalls>> = {
  x64: {
    audit: 0xc000003e,
    ptrace: 101,
    connect: 42,
    accept: 43,
    accept4: 288,
    bind: 49,
    listen: 50,
    getpeername: 52,
    getsockname: 51,
    shutdown: 48,
    sendto: 44,
    sendmmsg: 307,
    recvmmsg: 299,
    getsockopt: 55,
    setsockopt: 54,
    socket: 41,
    socketpair: 53,
  },
  arm64: {
    audit: 0xc00000b7,
    ptrace: 117,
    connect: 203,
    accept: 202,
    accept4: 242,
    bind: 200,
    listen: 201,
    getpeername: 205,
    getsockname: 204,
    shutdown: 210,
    sendto: 206,
    sendmmsg: 269,
    recvmmsg: 243,
    getsockopt: 209,
    setsockopt: 208,
    socket: 198,
    socketpair: 199,
  },
};

/** io_uring_setup, io_uring_enter, io_uring_register: the same everywhere. */
const ioUring: readonly number[] = [425, 426, 427];

const domain = { unix: 1, inet: 2, inet6: 10 } as const;

// Instruction codes and return values: include/uapi/linux/bpf_common.h and seccomp.h.
const code = { load: 0x20, jumpEqual: 0x15, jumpAtLeast: 0x35, ret: 0x06 } as const;
const action = { allow: 0x7fff0000, errno: 0x00050000, kill: 0x80000000 } as const;
const eperm = 1;
/** Numbers from here on are the x32 table, which a match on plain numbers would leave open. */
const x32Base = 0x40000000;

/** Offsets in `struct seccomp_data`; the low half of an argument comes first. */
const offset = { number: 0, arch: 4 } as const;
const argumentOffset = (index: number, half: "low" | "high"): number =>
  16 + 8 * index + (half === "low" ? 0 : 4);

type Label = "allow" | "deny" | "kill" | "socket" | "socketpair" | "sendto";

/** One instruction; `match` and `otherwise` name the line to go on with, the next one when absent. */
interface Line {
  readonly label?: Label | undefined;
  readonly code: number;
  readonly value: number;
  readonly match?: Label | undefined;
  readonly otherwise?: Label | undefined;
}

const load = (at: number, label?: Label): Line => ({ label, code: code.load, value: at });
const ifEqual = (value: number, match?: Label, otherwise?: Label): Line => ({
  code: code.jumpEqual,
  value,
  match,
  otherwise,
});
const ret = (value: number, label?: Label): Line => ({ label, code: code.ret, value });

function deniedCalls(mode: SeccompMode, calls: SystemCalls): readonly number[] {
  const always = [calls.ptrace, ...ioUring];
  if (mode === "proxy-routed") return always;
  const connecting = [
    calls.connect,
    calls.accept,
    calls.accept4,
    calls.bind,
    calls.listen,
    calls.sendmmsg,
    calls.recvmmsg,
  ];
  if (mode === "compatible") return [...always, ...connecting];
  return [
    ...always,
    ...connecting,
    calls.getpeername,
    calls.getsockname,
    calls.shutdown,
    calls.sendto,
    calls.getsockopt,
    calls.setsockopt,
  ];
}

/** The tests on arguments that a mode makes, each ending in a verdict. */
function argumentTests(mode: SeccompMode): readonly Line[] {
  const socketDomain = argumentOffset(0, "low");
  if (mode === "proxy-routed") {
    return [
      load(socketDomain, "socket"),
      ifEqual(domain.inet, "allow"),
      ifEqual(domain.inet6, "allow", "deny"),
      load(socketDomain, "socketpair"),
      ifEqual(domain.unix, "deny", "allow"),
    ];
  }
  const unixOnly = [load(socketDomain, "socket"), ifEqual(domain.unix, "allow", "deny")];
  if (mode === "restricted") return unixOnly;
  return [
    // A message to the peer of a connected socket has no address: both halves of the pointer are 0.
    load(argumentOffset(4, "low"), "sendto"),
    ifEqual(0, undefined, "deny"),
    load(argumentOffset(4, "high")),
    ifEqual(0, "allow", "deny"),
    ...unixOnly,
  ];
}

function filterLines(mode: SeccompMode, arch: SeccompArch): readonly Line[] {
  const calls = systemCalls[arch];
  return [
    load(offset.arch),
    ifEqual(calls.audit, undefined, "kill"),
    load(offset.number),
    ...(arch === "x64" ? [{ code: code.jumpAtLeast, value: x32Base, match: "deny" } as const] : []),
    ...deniedCalls(mode, calls).map((number) => ifEqual(number, "deny")),
    ifEqual(calls.socket, "socket"),
    ifEqual(calls.socketpair, mode === "proxy-routed" ? "socketpair" : "socket"),
    ...(mode === "compatible" ? [ifEqual(calls.sendto, "sendto")] : []),
    ret(action.allow),
    ...argumentTests(mode),
    ret(action.errno | eperm, "deny"),
    ret(action.allow, "allow"),
    ret(action.kill, "kill"),
  ];
}

const instructionSize = 8;

/**
 * Builds the filter: eight bytes per instruction (`struct sock_filter`, little endian), as
 * `bwrap --seccomp` and `PR_SET_SECCOMP` take it. Denied calls fail with EPERM; a foreign architecture
 * ends the process.
 */
export function buildSeccompFilter(mode: SeccompMode, arch: SeccompArch): Uint8Array {
  const lines = filterLines(mode, arch);
  const bytes = new Uint8Array(lines.length * instructionSize);
  const view = new DataView(bytes.buffer);
  const distance = (from: number, label: Label | undefined): number =>
    label === undefined ? 0 : lines.findIndex((line) => line.label === label) - from - 1;
  for (const [index, line] of lines.entries()) {
    const at = index * instructionSize;
    view.setUint16(at, line.code, /*littleEndian*/ true);
    view.setUint8(at + 2, distance(index, line.match));
    view.setUint8(at + 3, distance(index, line.otherwise));
    view.setUint32(at + 4, line.value >>> 0, /*littleEndian*/ true);
  }
  return bytes;
}

/** The filter's architecture for `process.arch`, or null where no filter is known. */
export function seccompArch(arch: string): SeccompArch | null {
  return arch === "x64" || arch === "arm64" ? arch : null;
}
