/** What a script asks for through its helpers, and the limits that hold for it. */
import type { ContentItem } from "./content.ts";
import { imageItem } from "./image.ts";
import { helperStatus } from "./prelude.ts";
import { storedSize } from "./wire.ts";
import type { CellLimits, CellOutcome } from "./wire.ts";

const maxTimers = 1000;

/** What a running cell says; must not throw. */
export interface CellEvents {
  item(item: ContentItem): void;
  call(call: number, name: string, input: string): void;
  notify(text: string): void;
  yield(): void;
  exit(): void;
  startTimer(timer: number, ms: number): void;
  clearTimer(timer: number): void;
  /** Polled while the script runs: true ends it. */
  isStopped(): boolean;
}

/** What a cell has asked for so far. */
export interface CellState {
  readonly events: CellEvents;
  /** What it stored, in the order of its last writes. */
  readonly stored: Map<string, string>;
  /** Calls in flight, with the bytes of their arguments. */
  readonly calls: Map<number, number>;
  readonly timers: Set<number>;
  readonly givenJson: string;
  /** The values that were stored before it; parsed when the first one is replaced. */
  given: Record<string, string> | undefined;
  storedBytes: number;
  callBytes: number;
  items: number;
  bytes: number;
  dropped: number;
  exited: boolean;
}

export interface GivenValues {
  /** A JSON object of JSON texts, or "" when nothing is stored. */
  readonly stored: string;
  readonly storedBytes: number;
}

export function beginCell({ stored, storedBytes }: GivenValues, events: CellEvents): CellState {
  return {
    events,
    stored: new Map(),
    calls: new Map(),
    timers: new Set(),
    givenJson: stored === "" ? "{}" : stored,
    given: undefined,
    storedBytes,
    callBytes: 0,
    items: 0,
    bytes: 0,
    dropped: 0,
    exited: false,
  };
}

/** How a cell ends that is to end now; undefined while it may go on. */
export function ending(cell: CellState): CellOutcome | undefined {
  if (cell.events.isStopped()) return { type: "stopped" };
  return cell.exited ? { type: "completed" } : undefined;
}

/**
 * Carries out what a helper says: a letter, then JSON text.
 *
 * @param toolNames the tools' own names, in the order of the list that the engine has
 * @returns one of `helperStatus` when it cannot be done
 */
export function hearRequest(
  cell: CellState,
  said: string,
  limits: CellLimits,
  toolNames: readonly string[],
): number | undefined {
  const body = said.slice(1);
  switch (said[0]) {
    case "t": {
      const text = (JSON.parse(body) as string).toWellFormed();
      return put(cell, { type: "input_text", text }, text, limits);
    }
    case "m": {
      const [url, detail] = JSON.parse(body) as [string, string?];
      const item = imageItem(url.toWellFormed(), detail);
      if (typeof item === "number") return item;
      return put(cell, item, url, limits);
    }
    case "n": {
      const text = (JSON.parse(body) as string).toWellFormed();
      if (text.trim() === "") return helperStatus.blankNotice;
      if (!admit(cell, text, limits)) return helperStatus.outputLimit;
      cell.events.notify(text);
      return undefined;
    }
    case "s":
      return store(cell, limits, ...(JSON.parse(body) as [string, string]));
    case "c":
      return call(cell, body, limits, toolNames);
    case "o":
      cell.dropped += 1;
      return helperStatus.outputLimit;
    case "y":
      cell.events.yield();
      return undefined;
    case "e":
      cell.exited = true;
      cell.events.exit();
      return undefined;
    case "w": {
      const [timer, ms] = JSON.parse(body) as [number, number];
      if (cell.timers.size >= maxTimers) return helperStatus.tooManyTimers;
      cell.timers.add(timer);
      cell.events.startTimer(timer, ms);
      return undefined;
    }
    case "x": {
      const timer = Number(body);
      if (cell.timers.delete(timer)) cell.events.clearTimer(timer);
      return undefined;
    }
    default:
      return helperStatus.ended;
  }
}

function admit(cell: CellState, text: string, limits: CellLimits): boolean {
  const bytes = cell.bytes + Buffer.byteLength(text);
  if (cell.items >= limits.outputItems || bytes > limits.outputBytes) {
    cell.dropped += 1;
    return false;
  }
  cell.items += 1;
  cell.bytes = bytes;
  return true;
}

function put(
  cell: CellState,
  item: ContentItem,
  text: string,
  limits: CellLimits,
): number | undefined {
  if (!admit(cell, text, limits)) return helperStatus.outputLimit;
  cell.events.item(item);
  return undefined;
}

function store(cell: CellState, limits: CellLimits, key: string, json: string): number | undefined {
  cell.given ??= JSON.parse(cell.givenJson) as Record<string, string>;
  const given = Object.hasOwn(cell.given, key) ? cell.given[key] : undefined;
  const previous = cell.stored.get(key) ?? given;
  const freed = previous === undefined ? 0 : storedSize(key, previous);
  const bytes = cell.storedBytes - freed + storedSize(key, json);
  if (bytes > limits.storedBytes) return helperStatus.storeLimit;
  cell.storedBytes = bytes;
  cell.stored.delete(key);
  cell.stored.set(key, json);
  return undefined;
}

function call(
  cell: CellState,
  body: string,
  limits: CellLimits,
  toolNames: readonly string[],
): number | undefined {
  const comma = body.indexOf(",");
  const end = body.indexOf("\n", comma);
  const id = Number(body.slice(0, comma));
  const name = toolNames[Number(body.slice(comma + 1, end))] ?? "";
  const input = body.slice(end + 1);
  if (cell.calls.size >= limits.pendingCalls) return helperStatus.tooManyCalls;
  const bytes = Buffer.byteLength(input);
  if (cell.callBytes + bytes > limits.pendingCallBytes) return helperStatus.callTooLarge;
  cell.calls.set(id, bytes);
  cell.callBytes += bytes;
  cell.events.call(id, name, input);
  return undefined;
}
