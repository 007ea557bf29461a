/** The little of WebAssembly that is used here, typed without the DOM's declarations. */

/** A compiled module; threads share it. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

interface WebAssemblyFace {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Memory: new (pages: { initial: number; maximum: number }) => WasmMemory;
}

const face = (globalThis as unknown as { readonly WebAssembly: WebAssemblyFace }).WebAssembly;

export function compileWasm(bytes: Uint8Array): WasmModule {
  return new face.Module(bytes);
}

/** @param initial pages of 64 KiB */
export function newWasmMemory(initial: number, maximum: number): WasmMemory {
  return new face.Memory({ initial, maximum });
}
