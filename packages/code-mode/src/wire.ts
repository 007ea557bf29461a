/** What the service and its workers say to each other. Cells are known by a number of the pool's. */
import type { CellError, ContentItem } from "./content.ts";
import type { WasmModule } from "./web-assembly.ts";

/** Places in the shared array of flags. */
export const flag = {
  /** The number of the cell that is to stop; 0 when none. */
  stop: 0,
  /** 1 while a call waits for the cell's answer: `yield_control()` is worth a message. */
  attended: 1,
} as const;

/** What one cell may use. */
export interface CellLimits {
  /** Items of output that an answer may wait to deliver, over the whole life of a cell. */
  readonly outputItems: number;
  /** UTF-8 bytes of all output of a cell, images and notifications included. */
  readonly outputBytes: number;
  /** UTF-8 bytes of all stored values together. */
  readonly storedBytes: number;
  /** Tool calls of a cell in flight. */
  readonly pendingCalls: number;
  /** UTF-8 bytes of the arguments of all tool calls of a cell in flight. */
  readonly pendingCallBytes: number;
  /** Bytes of the engine's memory: code, stack and the heap of the script. */
  readonly memoryBytes: number;
}

export interface RunRequest {
  readonly type: "run";
  readonly cell: number;
  readonly source: string;
  /** Changes when the list of tools does. */
  readonly toolsKey: number;
  /** The list as JSON: `{ identifier, name, description }`; left out when the worker has it. */
  readonly tools: string | undefined;
  /** A JSON object of JSON texts, or "" when nothing is stored. */
  readonly stored: string;
  /** UTF-8 bytes of what is stored. */
  readonly storedBytes: number;
}

export type ToWorker =
  | {
      readonly type: "init";
      readonly wasm: WasmModule;
      readonly flags: SharedArrayBuffer;
      readonly limits: CellLimits;
      readonly timers: boolean;
    }
  | RunRequest
  | {
      readonly type: "answer";
      readonly cell: number;
      readonly call: number;
      readonly ok: boolean;
      /** The result, or the error's text, as JSON; "" for no result. */
      readonly json: string;
    }
  | { readonly type: "stop"; readonly cell: number };

export type CellOutcome =
  | { readonly type: "completed" }
  | { readonly type: "failed"; readonly error: CellError }
  | { readonly type: "stopped" };

export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "unavailable"; readonly reason: string }
  | { readonly type: "items"; readonly cell: number; readonly items: readonly ContentItem[] }
  | {
      readonly type: "call";
      readonly cell: number;
      readonly call: number;
      readonly name: string;
      /** JSON text; "" when the script gave no argument. */
      readonly input: string;
    }
  | { readonly type: "notify"; readonly cell: number; readonly text: string }
  | { readonly type: "yield"; readonly cell: number }
  /** `exit()` was called; the outcome follows unless the script is in a loop that cannot be left. */
  | { readonly type: "exit"; readonly cell: number }
  | {
      readonly type: "end";
      readonly cell: number;
      readonly outcome: CellOutcome;
      /** Keys that the cell stored, with their values as JSON text. */
      readonly stored: readonly (readonly [string, string])[];
      /** Items of output that were over the limits. */
      readonly dropped: number;
    };

/** UTF-8 bytes that a stored value counts for. */
export function storedSize(key: string, json: string): number {
  return Buffer.byteLength(key) + Buffer.byteLength(json);
}
