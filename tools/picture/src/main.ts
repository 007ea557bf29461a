// pnpm picture: runs the demo in a terminal and draws what it showed into docs/terminal.svg.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { captureScreen } from "./capture-screen.ts";
import { parseRows } from "./rows.ts";
import { terminalSvg } from "./terminal-svg.ts";

const root = resolve(import.meta.dirname, "../../..");
/** The picture begins above what the model says of the failing test. */
const secondRow = /^discounted rounds down/;
/** And ends before the hints on what to do next. */
const rowAfterLast = /^With a real model/;

const home = mkdtempSync(join(tmpdir(), "codex-ts-picture-"));
try {
  const screen = await captureScreen({
    command: [
      process.execPath,
      "--conditions=@codex-ts/source",
      "--no-warnings",
      join(root, "apps/cli/src/codex-ts.ts"),
      "demo",
    ],
    columns: 80,
    rows: 50,
    env: {
      HOME: home,
      PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
      SHELL: "/bin/bash",
      LANG: "C.UTF-8",
      TERM: "tmux-256color",
    },
  });
  const rows = parseRows(screen);
  const texts = rows.map((row) => row.map(({ text }) => text).join(""));
  const from = texts.findIndex((text) => secondRow.test(text)) - 1;
  const to = texts.findIndex((text) => rowAfterLast.test(text));
  if (from < 0 || to === -1) throw new Error(`this was no whole demo:\n${texts.join("\n")}`);
  const file = join(root, "docs/terminal.svg");
  writeFileSync(
    file,
    terminalSvg(rows.slice(from, to), {
      columns: 80,
      title: "codex-ts demo: the model finds a rounding bug, patches it, and runs the tests again",
    }),
  );
  console.log(`${file}: ${to - from} rows`);
} finally {
  rmSync(home, { recursive: true, force: true });
}
