/**
 * The engine's library turns each text into UTF-8 one character at a time, in JavaScript. Node does it
 * many times faster, which is most of what a long result costs on its way into the engine.
 */
import type { QuickJSSyncVariant } from "quickjs-emscripten-core";

/** What is used of an Emscripten module: the functions that the library calls to write a text. */
interface TextWriter {
  readonly HEAPU8: Uint8Array;
  lengthBytesUTF8(text: string): number;
  stringToUTF8(text: string, address: number, maxBytes: number): void;
}

/** Below this many characters the library's own loop is as fast. */
const shortText = 64;

/** The variant with its texts written by Node. Lone surrogates become U+FFFD. */
export function withFastText(variant: QuickJSSyncVariant): QuickJSSyncVariant {
  return {
    ...variant,
    async importModuleLoader() {
      const imported = await variant.importModuleLoader();
      // A CommonJS build, imported, may be wrapped once or twice.
      const once = typeof imported === "function" ? imported : imported.default;
      const load = typeof once === "function" ? once : once.default;
      return async (options) => {
        const module = await load(options);
        writeFast(module);
        return module;
      };
    },
  };
}

function writeFast(module: TextWriter): void {
  const { stringToUTF8 } = module;
  const encoder = new TextEncoder();
  module.lengthBytesUTF8 = (text) => Buffer.byteLength(text);
  module.stringToUTF8 = (text, address, maxBytes) => {
    if (text.length < shortText) {
      stringToUTF8(text, address, maxBytes);
      return;
    }
    // Looked up each time: the heap's view is another one after the memory has grown.
    const heap = module.HEAPU8;
    const { written } = encoder.encodeInto(text, heap.subarray(address, address + maxBytes - 1));
    heap[address + written] = 0;
  };
}
