// Colours for one output stream: decided once, then plain functions.

export type ColorMode = "always" | "never" | "auto";

export interface ColorDecision {
  readonly mode: ColorMode;
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** `--color always|never` wins; then NO_COLOR, FORCE_COLOR, TERM=dumb, and whether it is a terminal. */
export function wantsColor(decision: ColorDecision): boolean {
  const { mode, isTerminal, env } = decision;
  if (mode !== "auto") return mode === "always";
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  if (env["TERM"] === "dumb") return false;
  return isTerminal;
}

export type Style = "bold" | "dim" | "italic" | "red" | "green" | "yellow" | "cyan" | "magenta";

const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  italic: [3, 23],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  magenta: [35, 39],
};

export type Paint = (text: string, ...styles: readonly Style[]) => string;

/** A painter; without colour it gives the text back. */
export function painter(enabled: boolean): Paint {
  if (!enabled) return (text) => text;
  return (text, ...styles) =>
    styles.reduce((painted, style) => {
      const [on, off] = codes[style];
      return `\u001b[${on}m${painted}\u001b[${off}m`;
    }, text);
}
