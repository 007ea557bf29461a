/** One place where the workspace breaks a rule of the house. */
export interface Violation {
  readonly rule: Rule;
  /** Path from the workspace root. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly problem: string;
  readonly wayOut: string;
}

export type Rule =
  | "cycle"
  | "deep-import"
  | "development-only"
  | "edge"
  | "no-row"
  | "package-shape"
  | "re-export"
  | "references"
  | "stale-page"
  | "undeclared"
  | "unknown-package";

export function formatViolation({ rule, file, line, problem, wayOut }: Violation): string {
  return `${file}:${line}: [${rule}] ${problem}. ${wayOut}.`;
}
