import { describe, expect, test } from "vitest";
import {
  buildSeccompFilter,
  type SeccompArch,
  seccompArch,
  type SeccompMode,
  type SeccompOptions,
} from "./seccomp.ts";

interface Call {
  readonly number: number;
  readonly arch: number;
  /** 64-bit arguments. */
  readonly args?: readonly bigint[];
}

/** Runs the program on a call as the kernel would. */
function verdict(filter: Uint8Array, call: Call): "allow" | "EPERM" | "kill" | string {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.arch, true);
  for (const [index, value] of (call.args ?? []).entries()) {
    data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, value), true);
  }
  const program = new DataView(filter.buffer);
  let accumulator = 0;
  for (let pc = 0; pc < filter.length / 8; pc += 1) {
    const at = pc * 8;
    const code = program.getUint16(at, true);
    const value = program.getUint32(at + 4, true);
    const skip = (condition: boolean): number => program.getUint8(at + (condition ? 2 : 3));
    if (code === 0x20) accumulator = data.getUint32(value, true);
    else if (code === 0x15) pc += skip(accumulator === value);
    else if (code === 0x54) accumulator &= value;
    else if (code === 0x35) pc += skip(accumulator >= value);
    else if (code === 0x06) {
      if (value === 0x7fff0000) return "allow";
      if (value === 0x00050001) return "EPERM";
      return value === 0x80000000 ? "kill" : `return ${value}`;
    } else return `code ${code}`;
  }
  return "fell off the end";
}

const architectures = {
  x64: {
    id: 0xc000003e,
    socket: 41,
    socketpair: 53,
    sendto: 44,
    write: 1,
    recvfrom: 45,
    sendmsg: 46,
  },
  arm64: {
    id: 0xc00000b7,
    socket: 198,
    socketpair: 199,
    sendto: 206,
    write: 64,
    recvfrom: 207,
    sendmsg: 211,
  },
} as const;

/** ptrace, io_uring, connect, accept, accept4, bind, listen, sendmmsg, recvmmsg. */
const deniedAlways = {
  x64: { tracing: [101, 425, 426, 427], network: [42, 43, 288, 49, 50, 307, 299] },
  arm64: { tracing: [117, 425, 426, 427], network: [203, 202, 242, 200, 201, 269, 243] },
} as const;

/** getpeername, getsockname, shutdown, getsockopt, setsockopt. */
const peerCalls = { x64: [52, 51, 48, 55, 54], arm64: [205, 204, 210, 209, 208] } as const;

/** process_vm_readv and what stands beside it; shmget and what stands beside it. */
const more = {
  x64: {
    others: [310, 311, 312, 438, 248, 249, 250, 298, 321],
    sharedIpc: [29, 30, 64, 68, 240],
    kill: 62,
    tgkill: 234,
    prlimit64: 302,
    setpriority: 141,
  },
  arm64: {
    others: [270, 271, 272, 438, 217, 218, 219, 241, 280],
    sharedIpc: [194, 196, 190, 186, 180],
    kill: 129,
    tgkill: 131,
    prlimit64: 261,
    setpriority: 140,
  },
} as const;

const unix = 1n;
const inet = 2n;
const inet6 = 10n;
const netlink = 16n;

describe.each(["x64", "arm64"] as const)("the filter on %s", (arch: SeccompArch) => {
  const { id, socket, socketpair, sendto, write, recvfrom, sendmsg } = architectures[arch];
  const judge = (mode: SeccompMode, number: number, ...args: readonly bigint[]) =>
    verdict(buildSeccompFilter(mode, arch), { number, arch: id, args });
  const modes: readonly SeccompMode[] = ["compatible", "restricted", "proxy-routed"];

  test.each(modes)("%s denies tracing and io_uring, and allows ordinary calls", (mode) => {
    expect(deniedAlways[arch].tracing.map((number) => judge(mode, number))).toEqual(
      deniedAlways[arch].tracing.map(() => "EPERM"),
    );
    expect([write, recvfrom, sendmsg].map((number) => judge(mode, number))).toEqual(
      Array(3).fill("allow"),
    );
  });

  test.each(modes)("%s kills a foreign architecture", (mode) => {
    expect(verdict(buildSeccompFilter(mode, arch), { number: write, arch: 0x40000003 })).toBe(
      "kill",
    );
  });

  test.each(["compatible", "restricted"] as const)("%s allows Unix sockets only", (mode) => {
    const domains = [unix, inet, inet6, netlink, 40n];
    const expected = ["allow", "EPERM", "EPERM", "EPERM", "EPERM"];
    expect(domains.map((domain) => judge(mode, socket, domain))).toEqual(expected);
    expect(domains.map((domain) => judge(mode, socketpair, domain))).toEqual(expected);
    // The kernel takes the domain as an int: what stands above 32 bits does not count.
    expect(judge(mode, socket, (1n << 32n) | inet)).toBe("EPERM");
    expect(deniedAlways[arch].network.map((number) => judge(mode, number))).toEqual(
      deniedAlways[arch].network.map(() => "EPERM"),
    );
  });

  test("compatible lets programs talk over the socket pairs they have", () => {
    expect(peerCalls[arch].map((number) => judge("compatible", number))).toEqual(
      peerCalls[arch].map(() => "allow"),
    );
    const send = (address: bigint) => judge("compatible", sendto, 3n, 4n, 5n, 0n, address);
    expect([0n, 1n, 1n << 40n, 0x7fff_0000_0000n].map(send)).toEqual([
      "allow",
      "EPERM",
      "EPERM",
      "EPERM",
    ]);
  });

  test("restricted denies even that", () => {
    expect([...peerCalls[arch], sendto].map((number) => judge("restricted", number))).toEqual(
      Array(6).fill("EPERM"),
    );
  });

  test("proxy-routed allows IP sockets and denies Unix ones", () => {
    expect(
      [unix, inet, inet6, netlink].map((domain) => judge("proxy-routed", socket, domain)),
    ).toEqual(["EPERM", "allow", "allow", "EPERM"]);
    expect([unix, inet].map((domain) => judge("proxy-routed", socketpair, domain))).toEqual([
      "EPERM",
      "allow",
    ]);
    expect(deniedAlways[arch].network.map((number) => judge("proxy-routed", number))).toEqual(
      deniedAlways[arch].network.map(() => "allow"),
    );
  });
});

describe.each(["x64", "arm64"] as const)("more of the filter on %s", (arch: SeccompArch) => {
  const { id, socket, socketpair, write } = architectures[arch];
  const judge = (
    mode: SeccompMode,
    options: SeccompOptions,
    number: number,
    ...args: readonly bigint[]
  ) => verdict(buildSeccompFilter(mode, arch, options), { number, arch: id, args });
  const [stream, datagram, datagramCloexec] = [1n, 2n, 2n | 0o2000000n];

  test("datagrams can be refused, whatever flags they come with", () => {
    for (const number of [socket, socketpair]) {
      const types = [stream, datagram, datagramCloexec];
      expect(types.map((type) => judge("compatible", {}, number, unix, type))).toEqual(
        Array(3).fill("allow"),
      );
      expect(
        types.map((type) => judge("compatible", { refuseDatagrams: true }, number, unix, type)),
      ).toEqual(["allow", "EPERM", "EPERM"]);
      expect(judge("compatible", { refuseDatagrams: true }, number, inet, stream)).toBe("EPERM");
    }
  });

  test("other processes' memory, descriptors, keyrings and counters are out of reach, with the network too", () => {
    const { others, sharedIpc } = { x64: more.x64, arm64: more.arm64 }[arch];
    for (const mode of ["compatible", "networked"] as const) {
      expect(others.map((number) => judge(mode, {}, number))).toEqual(others.map(() => "EPERM"));
      expect(sharedIpc.map((number) => judge(mode, {}, number))).toEqual(
        sharedIpc.map(() => "allow"),
      );
      expect(sharedIpc.map((number) => judge(mode, { refuseSharedIpc: true }, number))).toEqual(
        sharedIpc.map(() => "EPERM"),
      );
    }
    expect([socket, socketpair].map((number) => judge("networked", {}, number, inet))).toEqual([
      "allow",
      "allow",
    ]);
  });

  test("the shielded process and its thread cannot be signalled, others' limits not be set", () => {
    const shield = { pid: 1000, thread: 1007 };
    const { kill, tgkill, prlimit64, setpriority } = more[arch];
    const verdicts = (number: number, ...calls: readonly (readonly bigint[])[]) =>
      calls.map((args) => judge("networked", { shield }, number, ...args));
    expect(verdicts(kill, [1000n, 9n], [1007n, 9n], [2000n, 9n], [0n, 15n])).toEqual([
      "EPERM",
      "EPERM",
      "allow",
      "allow",
    ]);
    expect(verdicts(tgkill, [1000n, 1001n], [2000n, 1007n], [2000n, 2000n])).toEqual([
      "EPERM",
      "EPERM",
      "allow",
    ]);
    expect(verdicts(prlimit64, [0n], [2000n])).toEqual(["allow", "EPERM"]);
    expect(verdicts(setpriority, [0n, 0n], [0n, 2000n])).toEqual(["allow", "EPERM"]);
    expect(verdicts(write, [1000n])).toEqual(["allow"]);
  });
});

test("the x32 table is closed on x86_64, where every call of it has a number of its own", () => {
  const x32 = (number: number) => ({ number: 0x40000000 + number, arch: architectures.x64.id });
  for (const mode of ["compatible", "restricted", "proxy-routed"] as const) {
    const filter = buildSeccompFilter(mode, "x64");
    expect([0, 1, 41].map((number) => verdict(filter, x32(number)))).toEqual(
      Array(3).fill("EPERM"),
    );
  }
});

test("processors without a known filter are told apart", () => {
  expect(["x64", "arm64", "riscv64", "ia32"].map(seccompArch)).toEqual([
    "x64",
    "arm64",
    null,
    null,
  ]);
});
