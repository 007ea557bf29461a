// The system call filter, as the classic BPF program that the kernel takes.

/**
 * `compatible` (what commands get): no network, no tracing, no io_uring and no keyrings, yet programs can
 * still talk to their own children over socket pairs. `restricted` is stricter on socket pairs, which
 * breaks Node.js children; `proxy-routed` allows IP sockets and denies Unix ones. `networked` leaves
 * sockets alone and denies the rest of what `compatible` does.
 */
export type SeccompMode = "compatible" | "restricted" | "proxy-routed" | "networked";

/** What to refuse besides what the mode does. */
export interface SeccompOptions {
  /**
   * Refuses Unix datagrams, alone and in pairs. A filter does not see the address that one is sent to,
   * so that is what it takes to keep them inside; programs that log to syslog or send datagrams to their
   * own children lose it.
   */
  readonly refuseDatagrams?: boolean | undefined;
  /** Refuses shared memory, semaphores and message queues that go by a key or a name. */
  readonly refuseSharedIpc?: boolean | undefined;
  /**
   * A process, and one of its threads, that commands share their confinement with and must not signal;
   * they may not set limits and priorities of any process but their own either.
   */
  readonly shield?: { readonly pid: number; readonly thread: number } | undefined;
}

/** The architectures that there is a filter for, as Node names them. */
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
  /** Memory, descriptors and counters of other processes, keyrings, and programs for the kernel. */
  readonly others: readonly number[];
  /** shmget, shmat, semget, msgget, mq_open. */
  readonly sharedIpc: readonly number[];
  readonly signals: {
    readonly kill: number;
    readonly tkill: number;
    readonly tgkill: number;
    readonly rtSigqueueinfo: number;
    readonly rtTgsigqueueinfo: number;
    readonly pidfdOpen: number;
  };
  readonly prlimit64: number;
  readonly setpriority: number;
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
    // process_vm_readv, process_vm_writev, kcmp, pidfd_getfd, add_key, request_key, keyctl,
    // perf_event_open, bpf
    others: [310, 311, 312, 438, 248, 249, 250, 298, 321],
    sharedIpc: [29, 30, 64, 68, 240],
    signals: {
      kill: 62,
      tkill: 200,
      tgkill: 234,
      rtSigqueueinfo: 129,
      rtTgsigqueueinfo: 297,
      pidfdOpen: 434,
    },
    prlimit64: 302,
    setpriority: 141,
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
    others: [270, 271, 272, 438, 217, 218, 219, 241, 280],
    sharedIpc: [194, 196, 190, 186, 180],
    signals: {
      kill: 129,
      tkill: 130,
      tgkill: 131,
      rtSigqueueinfo: 138,
      rtTgsigqueueinfo: 240,
      pidfdOpen: 434,
    },
    prlimit64: 261,
    setpriority: 140,
  },
};

/** io_uring_setup, io_uring_enter, io_uring_register: the same everywhere. */
const ioUring: readonly number[] = [425, 426, 427];

const domain = { unix: 1, inet: 2, inet6: 10 } as const;

// Instruction codes and return values: include/uapi/linux/bpf_common.h and seccomp.h.
const code = { load: 0x20, jumpEqual: 0x15, jumpAtLeast: 0x35, and: 0x54, ret: 0x06 } as const;
const action = { allow: 0x7fff0000, errno: 0x00050000, kill: 0x80000000 } as const;
const eperm = 1;
/** Numbers from here on are the x32 table, which a match on plain numbers would leave open. */
const x32Base = 0x40000000;

/** Offsets in `struct seccomp_data`; the low half of an argument comes first. */
const offset = { number: 0, arch: 4 } as const;
const argumentOffset = (index: number, half: "low" | "high"): number =>
  16 + 8 * index + (half === "low" ? 0 : 4);

type Label =
  | "allow"
  | "deny"
  | "kill"
  | "socket"
  | "socketpair"
  | "sendto"
  | "signal"
  | "thread signal"
  | "others' limits"
  | "others' priority";

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
const and = (value: number): Line => ({ code: code.and, value });
const ret = (value: number, label?: Label): Line => ({ label, code: code.ret, value });

function deniedCalls(mode: SeccompMode, calls: SystemCalls): readonly number[] {
  const always = [calls.ptrace, ...ioUring];
  if (mode === "proxy-routed") return always;
  if (mode === "networked") return [...always, ...calls.others];
  const connecting = [
    calls.connect,
    calls.accept,
    calls.accept4,
    calls.bind,
    calls.listen,
    calls.sendmmsg,
    calls.recvmmsg,
  ];
  if (mode === "compatible") return [...always, ...calls.others, ...connecting];
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

const datagramType = 2;
/** The rest of a socket's type are flags: include/linux/net.h. */
const typeMask = 0xf;

/** The tests on arguments that a mode makes, each ending in a verdict. */
function argumentTests(mode: SeccompMode, options: SeccompOptions): readonly Line[] {
  const socketDomain = argumentOffset(/*index*/ 0, "low");
  if (mode === "networked") return [];
  if (mode === "proxy-routed") {
    return [
      load(socketDomain, "socket"),
      ifEqual(domain.inet, "allow"),
      ifEqual(domain.inet6, "allow", "deny"),
      load(socketDomain, "socketpair"),
      ifEqual(domain.unix, "deny", "allow"),
    ];
  }
  const datagrams =
    options.refuseDatagrams === true
      ? [
          ifEqual(domain.unix, /*match*/ undefined, "deny"),
          load(argumentOffset(/*index*/ 1, "low")),
          and(typeMask),
          ifEqual(datagramType, "deny", "allow"),
        ]
      : [ifEqual(domain.unix, "allow", "deny")];
  const unixOnly = [load(socketDomain, "socket"), ...datagrams];
  if (mode === "restricted") return unixOnly;
  return [
    // A message to the peer of a connected socket has no address: both halves of the pointer are 0.
    load(argumentOffset(/*index*/ 4, "low"), "sendto"),
    ifEqual(/*value*/ 0, /*match*/ undefined, "deny"),
    load(argumentOffset(/*index*/ 4, "high")),
    ifEqual(/*value*/ 0, "allow", "deny"),
    ...unixOnly,
  ];
}

/** The calls that the shield looks at, and the tests on their arguments. */
function shieldLines(
  shield: SeccompOptions["shield"],
  calls: SystemCalls,
): { readonly branches: readonly Line[]; readonly tests: readonly Line[] } {
  if (shield === undefined) return { branches: [], tests: [] };
  const { signals } = calls;
  const toShielded = [ifEqual(shield.pid, "deny"), ifEqual(shield.thread, "deny", "allow")];
  return {
    branches: [
      ...[signals.kill, signals.tkill, signals.rtSigqueueinfo, signals.pidfdOpen].map((number) =>
        ifEqual(number, "signal"),
      ),
      ...[signals.tgkill, signals.rtTgsigqueueinfo].map((number) =>
        ifEqual(number, "thread signal"),
      ),
      ifEqual(calls.prlimit64, "others' limits"),
      ifEqual(calls.setpriority, "others' priority"),
    ],
    tests: [
      // Of a thread's signal both the process and the thread are looked at.
      load(argumentOffset(/*index*/ 1, "low"), "thread signal"),
      ifEqual(shield.thread, "deny"),
      load(argumentOffset(/*index*/ 0, "low"), "signal"),
      ...toShielded,
      load(argumentOffset(/*index*/ 0, "low"), "others' limits"),
      ifEqual(/*value*/ 0, "allow", "deny"),
      load(argumentOffset(/*index*/ 1, "low"), "others' priority"),
      ifEqual(/*value*/ 0, "allow", "deny"),
    ],
  };
}

function filterLines(
  mode: SeccompMode,
  arch: SeccompArch,
  options: SeccompOptions,
): readonly Line[] {
  const calls = systemCalls[arch];
  const shield = shieldLines(options.shield, calls);
  const sockets =
    mode === "networked"
      ? []
      : [
          ifEqual(calls.socket, "socket"),
          ifEqual(calls.socketpair, mode === "proxy-routed" ? "socketpair" : "socket"),
        ];
  return [
    load(offset.arch),
    ifEqual(calls.audit, /*match*/ undefined, "kill"),
    load(offset.number),
    ...(arch === "x64" ? [{ code: code.jumpAtLeast, value: x32Base, match: "deny" } as const] : []),
    ...[
      ...deniedCalls(mode, calls),
      ...(options.refuseSharedIpc === true ? calls.sharedIpc : []),
    ].map((number) => ifEqual(number, "deny")),
    ...sockets,
    ...(mode === "compatible" ? [ifEqual(calls.sendto, "sendto")] : []),
    ...shield.branches,
    ret(action.allow),
    ...argumentTests(mode, options),
    ...shield.tests,
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
export function buildSeccompFilter(
  mode: SeccompMode,
  arch: SeccompArch,
  options: SeccompOptions = {},
): Uint8Array {
  const lines = filterLines(mode, arch, options);
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
