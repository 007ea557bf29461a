/**
 * The engine's memory, copied once and put back after every cell: nothing that a cell leaves behind
 * is there for the next one, and nothing has to be freed.
 *
 * It holds static data, then a stack of some MiB, then the heap. Pages that were never touched cost
 * nothing until they are looked at, so only the parts in use are. The stack is dead between calls.
 */
import { newWasmMemory } from "./web-assembly.ts";
import type { WasmMemory } from "./web-assembly.ts";

const blockBytes = 16 * 1024;
const zero = Buffer.alloc(blockBytes);
const pageBytes = 64 * 1024;
const initialPages = 256;
/** No static data lies beyond; the allocator keeps the end of its heap within. */
const staticBytes = 256 * 1024;

/** Where the heap is: found once for a WebAssembly module, the same in all of its instances. */
export interface HeapPlace {
  /** The address of the word that holds the heap's end. */
  readonly endAddress: number;
  /** Where it ended when it was first looked at. */
  readonly start: number;
}

export interface MemorySnapshot {
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
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

/** The words of the static data, to be taken before the engine's first allocation. */
export function staticWords(memory: WasmMemory): Uint32Array {
  return new Uint32Array(memory.buffer, 0, staticBytes / 4).slice();
}

/**
 * Finds the word in which the engine's allocator keeps the end of its heap: the one that moves up by
 * what is allocated, stays when it is freed, and points behind the last byte in use. Undefined when
 * none or several do; then all of the memory counts as heap: slower, and as clean.
 *
 * @param untouched the static data before the first allocation
 * @param allocate must allocate and free this many bytes
 */
export function findHeap(
  memory: WasmMemory,
  untouched: Uint32Array,
  allocate: (bytes: number) => void,
): HeapPlace | undefined {
  const size = 128 * 1024;
  const before = staticWords(memory);
  const bytes = new Uint8Array(memory.buffer);
  // Static data up to the brim: there may be more, and the stack is not where it is thought to be.
  if (!isZero(bytes, staticBytes - blockBytes, staticBytes)) return undefined;
  allocate(size);
  const after = staticWords(memory);
  const found: number[] = [];
  for (let index = 0; index < after.length; index += 1) {
    const end = after[index] ?? 0;
    const moved = end - (before[index] ?? 0);
    if (moved < size || moved > 2 * size) continue;
    if (end < staticBytes || end + 1024 > bytes.length) continue;
    if (isZero(bytes, end, end + 1024) && !isZero(bytes, end - 64, end)) found.push(index);
  }
  const [index] = found;
  const start = index === undefined ? undefined : untouched[index];
  if (index === undefined || start === undefined || found.length > 1) return undefined;
  if (start < staticBytes || start > (before[index] ?? 0)) return undefined;
  return { endAddress: index * 4, start };
}

export function createEngineMemory(memory: WasmMemory, heap: HeapPlace | undefined): EngineMemory {
  // A view of a memory that has grown is detached: callers ask `grown()` first.
  const bytes = new Uint8Array(memory.buffer);
  const words = new Uint32Array(memory.buffer);
  const initialBytes = bytes.byteLength;

  const heapEnd = (): number => {
    const end = heap === undefined ? initialBytes : (words[heap.endAddress / 4] ?? initialBytes);
    return Math.min(end, initialBytes);
  };

  return {
    memory,
    grown: () => memory.buffer.byteLength !== initialBytes,
    take() {
      const end = heapEnd();
      const copy = (offset: number, to: number) => ({ offset, bytes: bytes.slice(offset, to) });
      if (heap === undefined) return { parts: [copy(/*offset*/ 0, end)], end };
      // The engine allocated a little before its heap was first looked at, and below that its stack
      // has left traces: all that is in use down from there is taken along.
      const start = usedStart(bytes, heap.start - 2 * blockBytes);
      return { parts: [copy(/*offset*/ 0, usedEnd(bytes, staticBytes)), copy(start, end)], end };
    },
    restore(snapshot) {
      const end = heapEnd();
      for (const part of snapshot.parts) bytes.set(part.bytes, part.offset);
      if (end > snapshot.end) bytes.fill(0, snapshot.end, end);
    },
  };
}

/** The end of the last block below `to` that is not all zero. */
function usedEnd(bytes: Uint8Array, to: number): number {
  let end = to;
  while (end > 0 && isZero(bytes, end - blockBytes, end)) end -= blockBytes;
  return end;
}

/** The beginning of the blocks in use that lie without a gap below `from`. */
function usedStart(bytes: Uint8Array, from: number): number {
  let start = from;
  while (start > staticBytes && !isZero(bytes, start - blockBytes, start)) start -= blockBytes;
  return start;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  return zero.compare(bytes, start, end, 0, end - start) === 0;
}
