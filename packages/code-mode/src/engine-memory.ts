/**
 * The engine's memory, copied once and put back after every cell: nothing that a cell leaves behind
 * is there for the next one, and nothing has to be freed.
 */
import { newWasmMemory } from "./web-assembly.ts";
import type { WasmMemory } from "./web-assembly.ts";

const blockBytes = 16 * 1024;
const zero = Buffer.alloc(blockBytes);
const pageBytes = 64 * 1024;
const initialPages = 256;
/** The static data of the engine, where its allocator keeps the end of the heap. */
const staticBytes = 1024 * 1024;

export interface MemorySnapshot {
  /** Blocks that are not all zero, neighbours joined. */
  readonly blocks: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  /** The heap ended here. */
  readonly end: number;
}

export interface EngineMemory {
  readonly memory: WasmMemory;
  /** True once the memory has grown: it cannot shrink, so the instance is to be replaced. */
  grown(): boolean;
  take(): MemorySnapshot;
  restore(snapshot: MemorySnapshot): void;
}

/** The 16 MiB that the engine declares to need, and what it may grow to. */
export function createMemory(maximumBytes: number): WasmMemory {
  return newWasmMemory(initialPages, Math.max(initialPages, Math.floor(maximumBytes / pageBytes)));
}

/**
 * Finds the word in which the engine's allocator keeps the end of its heap: the one that moves up by
 * what is allocated and stays when it is freed. Undefined when none or several do.
 *
 * @param allocate must allocate and free this many bytes
 */
export function findHeapEnd(
  memory: WasmMemory,
  allocate: (bytes: number) => void,
): number | undefined {
  const size = 512 * 1024;
  const before = new Uint32Array(memory.buffer, 0, staticBytes / 4).slice();
  allocate(size);
  const after = new Uint32Array(memory.buffer, 0, staticBytes / 4);
  const used = lastUsedBlock(memory);
  const found: number[] = [];
  for (const [index, value] of after.entries()) {
    const moved = value - (before[index] ?? 0);
    if (moved < size || moved > 2 * size) continue;
    if (value > used && value - used <= 2 * size && value <= memory.buffer.byteLength) {
      found.push(index * 4);
    }
  }
  return found.length === 1 ? found[0] : undefined;
}

export function createEngineMemory(
  memory: WasmMemory,
  heapEndAddress: number | undefined,
): EngineMemory {
  // A view of a memory that has grown is detached: callers ask `grown()` first.
  const bytes = new Uint8Array(memory.buffer);
  const words = new Uint32Array(memory.buffer);
  const initialBytes = bytes.byteLength;

  // Without the address all of the memory counts as used: slower, and as clean.
  const heapEnd = (): number =>
    heapEndAddress === undefined ? initialBytes : (words[heapEndAddress / 4] ?? initialBytes);

  return {
    memory,
    grown: () => memory.buffer.byteLength !== initialBytes,
    take() {
      const end = Math.min(heapEnd(), initialBytes);
      return { blocks: usedBlocks(bytes, end), end };
    },
    restore(snapshot) {
      const end = Math.min(heapEnd(), initialBytes);
      for (const { offset, bytes: block } of snapshot.blocks) bytes.set(block, offset);
      if (end > snapshot.end) bytes.fill(0, snapshot.end, end);
    },
  };
}

/** Where the last block that is not all zero begins. */
function lastUsedBlock(memory: WasmMemory): number {
  const bytes = new Uint8Array(memory.buffer);
  let offset = bytes.byteLength - blockBytes;
  while (offset > 0 && isZero(bytes, offset)) offset -= blockBytes;
  return offset;
}

function isZero(bytes: Uint8Array, offset: number): boolean {
  return zero.compare(bytes, offset, Math.min(offset + blockBytes, bytes.byteLength)) === 0;
}

function usedBlocks(bytes: Uint8Array, end: number): MemorySnapshot["blocks"] {
  const blocks: { offset: number; bytes: Uint8Array }[] = [];
  let start = -1;
  for (let offset = 0; offset < end + blockBytes; offset += blockBytes) {
    const used = offset < end && !isZero(bytes, offset);
    if (used && start === -1) start = offset;
    if (!used && start !== -1) {
      blocks.push({ offset: start, bytes: bytes.slice(start, offset) });
      start = -1;
    }
  }
  return blocks;
}
