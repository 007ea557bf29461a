import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { temporaryHome } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const root = resolve(import.meta.dirname, "../../..");
const fromSource = ["--conditions=@codex-ts/source", "--no-warnings"];

const programs = readdirSync(join(root, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Each program checks itself: it ends with 0 only when what it asserts holds. */
test.each(programs)(
  "%s",
  async (name) => {
    await using home = await temporaryHome();
    const { exitCode, output } = await runCommand(
      [process.execPath, ...fromSource, join(root, "examples", name, "main.ts")],
      {
        cwd: home.path,
        timeout: 85_000,
        env: {
          PATH: process.env["PATH"],
          HOME: home.path,
          CODEX_TS: [process.execPath, ...fromSource, join(root, "apps/cli/src/codex-ts.ts")].join(
            " ",
          ),
        },
      },
    );
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  },
  90_000,
);
