// The access rights that the kernel is asked to take away. Imported by the confined thread: no packages.

/** Access rights by the version of Landlock that brought them: include/uapi/linux/landlock.h. */
const right = {
  writeFile: 1n << 1n,
  removeFolder: 1n << 4n,
  removeFile: 1n << 5n,
  makeCharacterDevice: 1n << 6n,
  makeFolder: 1n << 7n,
  makeFile: 1n << 8n,
  makeSocket: 1n << 9n,
  makeFifo: 1n << 10n,
  makeBlockDevice: 1n << 11n,
  makeLink: 1n << 12n,
  refer: 1n << 13n,
  truncate: 1n << 14n,
  deviceControl: 1n << 15n,
} as const;

const network = { bindTcp: 1n, connectTcp: 2n } as const;
const scope = { abstractSockets: 1n, signals: 2n } as const;

export interface LandlockRights {
  /** What is denied unless a rule grants it. Reading and executing are not among it. */
  readonly handled: bigint;
  /** The part of `handled` that applies to something that is not a folder. */
  readonly handledForFiles: bigint;
  /** `struct landlock_ruleset_attr`, as long as the kernel's version knows it. */
  readonly ruleset: Uint8Array;
}

export function landlockRights(version: number, cutNetwork: boolean): LandlockRights {
  const since = (first: number, bits: bigint): bigint => (version >= first ? bits : 0n);
  const forFiles =
    right.writeFile | since(/*first*/ 3, right.truncate) | since(/*first*/ 5, right.deviceControl);
  const handled =
    forFiles |
    right.removeFolder |
    right.removeFile |
    right.makeCharacterDevice |
    right.makeFolder |
    right.makeFile |
    right.makeSocket |
    right.makeFifo |
    right.makeBlockDevice |
    right.makeLink |
    since(/*first*/ 2, right.refer);
  const size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  const ruleset = new Uint8Array(24);
  const view = new DataView(ruleset.buffer);
  view.setBigUint64(0, handled, /*littleEndian*/ true);
  view.setBigUint64(8, cutNetwork ? network.bindTcp | network.connectTcp : 0n, true);
  view.setBigUint64(16, scope.abstractSockets | scope.signals, true);
  return { handled, handledForFiles: forFiles, ruleset: ruleset.slice(0, size) };
}
