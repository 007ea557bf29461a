// The thread that confines itself and then starts commands, which inherit what binds it. What it is once
// denied it never gets back: one thread serves one policy.
import { closeSync, constants as fileConstants, openSync, readlinkSync, statSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type Koffi from "koffi";
import { landlockRights } from "./landlock-rights.ts";
import {
  createNativeSpawner,
  type NativeSpawnRequest,
  type NativeSpawnResult,
} from "./native-spawn.ts";
import { buildSeccompFilter, type SeccompArch } from "./seccomp.ts";

/** What the thread that confines itself is started with. */
export interface LandlockWorkerData {
  /** The kernel's Landlock ABI. */
  readonly version: number;
  /** Folders and files that may be written. */
  readonly writable: readonly string[];
  readonly cutNetwork: boolean;
  readonly arch: SeccompArch;
  readonly isolateIpc: boolean;
}

/** A process for the thread to start. */
export interface LandlockWorkerRequest extends NativeSpawnRequest {
  /** Comes back with the answer. */
  readonly id: number;
}

/** What the thread answers. */
export type LandlockWorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "spawned"; readonly id: number; readonly result: NativeSpawnResult };

// include/uapi/linux/prctl.h, seccomp.h, landlock.h and capability.h; the same on every architecture.
const prctlOption = {
  setDumpable: 4,
  setSeccomp: 22,
  dropBoundingCapability: 24,
  setNoNewPrivileges: 38,
  ambientCapabilities: 47,
} as const;
const clearAmbient = 4;
const seccompFilterMode = 2;
const landlockCall = { createRuleset: 444, addRule: 445, restrictSelf: 446 } as const;
const pathBeneathRule = 1;
const openPathOnly = 0o10000000;
const capabilityVersion = 0x20080522;
const highestCapability = 63;

class ConfinementError extends Error {}

type KoffiModule = typeof Koffi;

function bindCalls(koffi: KoffiModule) {
  const libc = koffi.load(null);
  const program = koffi.struct({ length: "uint16", filter: "void *" });
  // The kernel wants the arguments that an option does not use to be 0.
  const prctl: (option: number, value: number, c: 0, d: 0, e: 0) => number = libc.func(
    "int prctl(int option, long value, long c, long d, long e)",
  );
  const control = (option: number, value: number): number =>
    prctl(option, value, /*c*/ 0, /*d*/ 0, /*e*/ 0);
  const setFilter: (
    option: number,
    mode: number,
    program: { readonly length: number; readonly filter: Uint8Array },
  ) => number = libc.func("prctl", "int", ["int", "long", koffi.pointer(program)]);
  const setCapabilities: (header: Uint8Array, data: Uint8Array) => number = libc.func(
    "int capset(void *header, void *data)",
  );
  const createRuleset: (
    call: number,
    attributes: Uint8Array,
    size: number,
    flags: number,
  ) => number = libc.func(
    "long syscall(long call, void *attributes, size_t size, unsigned int flags)",
  );
  const addRule: (
    call: number,
    ruleset: number,
    type: number,
    rule: Uint8Array,
    flags: number,
  ) => number = libc.func(
    "long syscall(long call, int ruleset, int type, void *rule, unsigned int flags)",
  );
  const restrictSelf: (call: number, ruleset: number, flags: number) => number = libc.func(
    "long syscall(long call, int ruleset, unsigned int flags)",
  );
  const check = (result: number, what: string): number => {
    if (result >= 0) return result;
    throw new ConfinementError(`${what}: ${getSystemErrorMessage(-koffi.errno())}`);
  };
  return { control, setFilter, setCapabilities, createRuleset, addRule, restrictSelf, check };
}

type Calls = ReturnType<typeof bindCalls>;

/** Somebody who is not root may have capabilities too, and hand them on. */
function dropCapabilities(calls: Calls): void {
  calls.control(prctlOption.ambientCapabilities, clearAmbient);
  // First the bounding set, which a program of root would otherwise be given back on exec. Who may not
  // change it is given nothing back.
  for (let capability = 0; capability <= highestCapability; capability += 1) {
    if (calls.control(prctlOption.dropBoundingCapability, capability) < 0) break;
  }
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, capabilityVersion, /*littleEndian*/ true);
  calls.check(calls.setCapabilities(header, new Uint8Array(24)), "capset");
}

function restrictFiles(calls: Calls, data: LandlockWorkerData): void {
  const { handled, handledForFiles, ruleset } = landlockRights(data.version, data.cutNetwork);
  const rules = calls.check(
    calls.createRuleset(landlockCall.createRuleset, ruleset, ruleset.length, /*flags*/ 0),
    "landlock_create_ruleset",
  );
  try {
    for (const path of data.writable) {
      const fd = openSync(path, openPathOnly | fileConstants.O_RDONLY);
      try {
        // Links were resolved when the policy was: one that has come since then is somebody's trick.
        const real = readlinkSync(`/proc/self/fd/${fd}`);
        if (real !== path) throw new ConfinementError(`${path} leads to ${real} now`);
        // struct landlock_path_beneath_attr, which is packed.
        const rule = new Uint8Array(12);
        const view = new DataView(rule.buffer);
        const isFolder = statSync(path).isDirectory();
        view.setBigUint64(0, isFolder ? handled : handledForFiles, /*littleEndian*/ true);
        view.setInt32(8, fd, /*littleEndian*/ true);
        calls.check(
          calls.addRule(landlockCall.addRule, rules, pathBeneathRule, rule, /*flags*/ 0),
          `landlock_add_rule for ${path}`,
        );
      } finally {
        closeSync(fd);
      }
    }
    calls.check(
      calls.restrictSelf(landlockCall.restrictSelf, rules, /*flags*/ 0),
      "landlock_restrict_self",
    );
  } finally {
    closeSync(rules);
  }
}

/** The number that the kernel knows this thread by. */
function ownThread(): number {
  return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
}

function confineThisThread(koffi: KoffiModule, data: LandlockWorkerData): void {
  const calls = bindCalls(koffi);
  // Commands share their confinement with this thread, which would let them trace it. That asks for a
  // process whose memory may be dumped, and the process of this thread is none from here on.
  calls.check(calls.control(prctlOption.setDumpable, /*value*/ 0), "PR_SET_DUMPABLE");
  dropCapabilities(calls);
  calls.check(calls.control(prctlOption.setNoNewPrivileges, /*value*/ 1), "no_new_privs");
  restrictFiles(calls, data);
  const filter = buildSeccompFilter(data.cutNetwork ? "compatible" : "networked", data.arch, {
    refuseDatagrams: data.isolateIpc,
    refuseSharedIpc: data.isolateIpc,
    shield: { pid: process.pid, thread: ownThread() },
  });
  const program = { length: filter.length / 8, filter };
  calls.check(calls.setFilter(prctlOption.setSeccomp, seccompFilterMode, program), "seccomp");
}

async function serve(port: MessagePort, data: LandlockWorkerData): Promise<void> {
  const post = (message: LandlockWorkerMessage): void => port.postMessage(message);
  try {
    // Everything that this thread will need is loaded before it gives up what loading takes.
    const { default: koffi } = await import("koffi");
    const spawner = createNativeSpawner(koffi);
    if (spawner === null) throw new ConfinementError("the C library cannot start processes");
    confineThisThread(koffi, data);
    port.on("message", ({ id, ...request }: LandlockWorkerRequest) => {
      post({ kind: "spawned", id, result: spawner.spawn(request) });
    });
    post({ kind: "ready" });
  } catch (error) {
    post({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

if (parentPort !== null) void serve(parentPort, workerData as LandlockWorkerData);
