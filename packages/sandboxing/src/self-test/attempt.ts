// What the self-test tries: ways out of the sandbox, and ordinary work that must go on inside it.
import type { SandboxAspect } from "../sandbox.ts";

/**
 * What a command of the self-test is held to. `workspace`: the workspace may be written, the network is
 * off. `denied`: the same, and the folder `DENIED` and every `.env` may not be read. `linked`: the same as
 * `workspace`, and the symbolic link `linked/link` is protected.
 */
export type StagePolicy = "workspace" | "denied" | "linked";

/** A program to run: a script of the shell, or one of perl, which can make any system call. */
export type Script = { readonly sh: string } | { readonly perl: string };

/** A way out of the sandbox. It counts as open when it leaves a trace on the stage or prints `ESCAPED`. */
export interface Attempt {
  readonly id: string;
  /** For people: what is attempted. */
  readonly title: string;
  /** What it must be stopped by. */
  readonly aspect: SandboxAspect;
  /** `workspace` when not given. */
  readonly policy?: StagePolicy | undefined;
  /** Several scripts are commands of their own, one after the other. */
  readonly scripts: readonly [Script, ...Script[]];
  /** More of the command's environment; `$NAME` of a stage's variable is filled in. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Something that has to work inside. It counts as broken unless it exits with 0. */
export interface Errand {
  readonly id: string;
  readonly title: string;
  readonly policy?: StagePolicy | undefined;
  readonly script: Script;
}

export const shell = (sh: string): Script => ({ sh });
export const perl = (program: string): Script => ({ perl: program });
