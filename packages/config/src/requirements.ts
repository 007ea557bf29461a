// Limits that an administrator sets: no setting, profile or flag exceeds them.
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import type { AskForApproval, SandboxMode } from "@codex-ts/protocol";
import { type ConfigLayer, type ReadFile, readText } from "./layers.ts";

/** The values that an administrator allows, best first: the first one replaces what is not allowed. */
export interface AllowedValues<T> {
  readonly values: readonly [T, ...T[]];
  /** Where the limit comes from, for the message. */
  readonly source: string;
}

/** Limits that no setting, profile or flag can exceed. */
export interface ConfigRequirements {
  readonly approvalPolicies?: AllowedValues<AskForApproval> | undefined;
  readonly sandboxModes?: AllowedValues<SandboxMode> | undefined;
}

/** A setting after the limits, and what to tell the person when it is not what they asked for. */
export interface Constrained<T> {
  readonly value: T;
  readonly warning?: string | undefined;
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `asked`, or the default, as far as it is allowed. */
export function constrain<T>(
  key: string,
  asked: T | undefined,
  fallback: T,
  allowed: AllowedValues<T> | undefined,
): Constrained<T> {
  const value = asked ?? fallback;
  if (allowed === undefined || allowed.values.some((each) => show(each) === show(value))) {
    return { value };
  }
  const [replacement] = allowed.values;
  if (asked === undefined) return { value: replacement };
  return {
    value: replacement,
    warning: `\`${key}\` is ${show(replacement)}, not ${show(asked)}: ${allowed.source} allows only ${allowed.values.map(show).join(", ")}.`,
  };
}

/** The limits that a managed file sets by what it chooses. */
export function managedRequirements(managed: ConfigLayer | undefined): ConfigRequirements {
  if (managed === undefined) return {};
  const source = managed.file ?? "the managed configuration";
  const policy = managed.table["approval_policy"];
  const mode = managed.table["sandbox_mode"];
  return {
    ...(policy !== undefined && {
      approvalPolicies: { values: [policy as AskForApproval], source },
    }),
    ...(mode !== undefined && {
      sandboxModes: {
        values: mode === "read-only" ? [mode] : ["read-only", mode as SandboxMode],
        source,
      },
    }),
  };
}

/** What to say of a requirements file, which is not read yet: silence would look like obedience. */
export async function requirementsWarning(
  systemFolder: AbsolutePath | null,
  readFile: ReadFile,
): Promise<readonly string[]> {
  if (systemFolder === null) return [];
  const file = join(systemFolder, "requirements.toml");
  const text = await readText(file, readFile).catch(() => "");
  if (text === undefined) return [];
  return [`${file} is not enforced: this version does not read requirements.`];
}
