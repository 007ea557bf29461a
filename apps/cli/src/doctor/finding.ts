// What one check of `codex-ts doctor` comes to.

export type FindingState = "ok" | "warning" | "failed";

export interface Finding {
  readonly state: FindingState;
  /** One line. */
  readonly summary: string;
  /** More lines, for whoever looks closer. */
  readonly details: readonly string[];
  /** What to do about it; null when there is nothing to do. */
  readonly repair: string | null;
}

/** All is well. */
export function ok(summary: string, details: readonly string[] = []): Finding {
  return { state: "ok", summary, details, repair: null };
}

/** Work is possible, with something missing. */
export function warning(
  summary: string,
  more: { readonly details?: readonly string[]; readonly repair?: string | null } = {},
): Finding {
  return { state: "warning", summary, details: more.details ?? [], repair: more.repair ?? null };
}

/** A run would fail. */
export function failed(
  summary: string,
  more: { readonly details?: readonly string[]; readonly repair?: string | null } = {},
): Finding {
  return { state: "failed", summary, details: more.details ?? [], repair: more.repair ?? null };
}
