import type { Workspace } from "@codex-ts/boundaries";
import type { PackedPackage } from "./pack.ts";

/** What one step of the run came to. */
export interface StepResult {
  readonly passed: number;
  readonly failed: number;
  /** A few words for the step's line when it passed. */
  readonly note?: string | undefined;
  /** Shown when the step failed. */
  readonly output?: string | undefined;
}

export interface StepContext {
  readonly root: string;
  readonly workspace: Workspace;
  /** An empty folder for the run, removed at its end. */
  readonly scratch: string;
  /** The tarballs of the public packages, packed at the first call. */
  packed(): Promise<readonly PackedPackage[]>;
}

export interface Step {
  readonly name: string;
  /** What the step asks, as its heading says it. */
  readonly title: string;
  /** Steps whose outcome on disk this one reads: `--only` takes them along. */
  readonly needs?: readonly string[];
  /** The step writes to the terminal itself while it runs. */
  readonly streams?: true;
  run(context: StepContext): Promise<StepResult>;
}

/** The result of a step that is one check. */
export function oneCheck(ok: boolean, details: Pick<StepResult, "note" | "output">): StepResult {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, ...details };
}
