/** A script that is given to a worker, and what comes back from it. */
import type { ContentItem } from "./content.ts";
import type { PreparedTools } from "./prepared-tools.ts";
import type { CellOutcome } from "./wire.ts";

export interface CellJob {
  readonly source: string;
  readonly tools: PreparedTools;
  readonly stored: string;
  readonly storedBytes: number;
}

export type CellEnd =
  | {
      readonly outcome: CellOutcome;
      readonly stored: readonly (readonly [string, string])[];
      readonly dropped: number;
    }
  | { readonly outcome: { readonly type: "lost"; readonly reason: string } };

/** What a running cell says; must not throw. `ended` comes once, and nothing after it. */
export interface CellListener {
  started(): void;
  items(items: readonly ContentItem[]): void;
  called(call: number, name: string, input: string): void;
  notified(text: string): void;
  yielded(): void;
  ended(end: CellEnd): void;
}

export interface CellRun {
  /** A call waits for the cell: `yield_control()` is to be reported. */
  attend(): void;
  /** Nobody waits for the cell, and it keeps its worker: another one is to be there for the next cell. */
  leave(): void;
  answer(call: number, ok: boolean, json: string): void;
  /** Asks the cell to stop; `ended` follows when it has. */
  stop(): void;
}
