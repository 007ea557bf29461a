// A captured screen as runs of text with their looks.

export interface Look {
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  /** One of the sixteen colours; null is the terminal's own. */
  readonly color: number | null;
}

export interface Run extends Look {
  readonly text: string;
}

const plain: Look = { bold: false, dim: false, italic: false, color: null };

/**
 * Reads lines with SGR sequences; a look goes on from one line to the next.
 *
 * @throws Error for a sequence that no picture can show yet.
 */
export function parseRows(screen: string): readonly (readonly Run[])[] {
  let look = plain;
  return screen.split("\n").map((line) => {
    const runs: Run[] = [];
    // eslint-disable-next-line no-control-regex -- the sequences begin with ESC
    for (const [, codes, text] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
      if (codes !== undefined) look = codes.split(";").reduce(changed, look);
      else if (text !== undefined) runs.push({ text, ...look });
    }
    return runs;
  });
}

function changed(look: Look, code: string): Look {
  const number = Number(code);
  switch (number) {
    case 0:
      return plain;
    case 1:
      return { ...look, bold: true };
    case 2:
      return { ...look, dim: true };
    case 3:
      return { ...look, italic: true };
    case 22:
      return { ...look, bold: false, dim: false };
    case 23:
      return { ...look, italic: false };
    case 39:
      return { ...look, color: null };
    // The background's own colour.
    case 49:
      return look;
    default:
      if (number >= 30 && number <= 37) return { ...look, color: number - 30 };
      if (number >= 90 && number <= 97) return { ...look, color: number - 82 };
      throw new Error(`the picture cannot show SGR ${code} yet`);
  }
}
