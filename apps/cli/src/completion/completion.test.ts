// Completion, as it is typed in the real shells, and the words behind it.
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { message, respond } from "@codex-ts/scripted-model";
import { runProcess } from "@codex-ts/test-support";
import { beforeAll, describe, expect, test } from "vitest";
import { buildProgram, completionShells } from "../program.ts";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";
import { type TerminalPane, terminalPane } from "../testing/terminal-pane.ts";
import { complete, type Completion } from "./candidates.ts";

beforeAll(builtCli, buildTimeoutMs);

const profiles = '[profiles.work]\nmodel = "gpt-5.1"\n[profiles.home]\n';

async function worldWithSession(): Promise<CliWorld & { readonly session: string }> {
  const world = await cliWorld({ script: [respond([message("ok")])], tables: profiles });
  const run = await world.run(["exec", "--json", "tidy the cellar: first the shelf"]);
  const started = run.events()[0];
  if (started?.type !== "thread.started") throw new Error(run.stderr);
  return Object.assign(world, { session: started.thread_id });
}

describe("the words that fit", () => {
  const at = (line: string): Completion => {
    const words = line.split(" ");
    return complete(
      buildProgram(() => {}),
      words.slice(1, -1),
      words.at(-1) ?? "",
    );
  };
  const valuesAt = (line: string): readonly string[] => {
    const found = at(line);
    if (found.kind !== "words") throw new Error(JSON.stringify(found));
    return found.words.map(({ value }) => value);
  };

  test.each([
    ["codex-ts exe", ["exec", "execpolicy"]],
    ["codex-ts features e", ["enable"]],
    ["codex-ts exec --sandb", ["--sandbox"]],
    ["codex-ts exec -s re", ["read-only"]],
    ["codex-ts exec --sandbox=re", ["--sandbox=read-only"]],
    ["codex-ts exec --color ", ["always", "never", "auto"]],
    ["codex-ts -s read-only exec --json --he", ["--help"]],
    ["codex-ts completion z", ["zsh"]],
    ["codex-ts sandbox pr", ["probe"]],
    ["codex-ts exec --max-turns ", []],
    ["codex-ts nonsense exec --sandb", ["--sandbox"]],
  ])("%j: %j", (line, values) => {
    expect(valuesAt(line)).toEqual(values);
  });

  test.each([
    ["codex-ts exec resume ", { kind: "dynamic", of: "sessions", prefix: "", words: [] }],
    ["codex-ts sessions archive a b ", { kind: "dynamic", of: "sessions", prefix: "", words: [] }],
    ["codex-ts exec -m ", { kind: "dynamic", of: "models", prefix: "", words: [] }],
    ["codex-ts exec --model=g", { kind: "dynamic", of: "models", prefix: "--model=", words: [] }],
    ["codex-ts -p ", { kind: "dynamic", of: "profiles", prefix: "", words: [] }],
    ["codex-ts --enable c", { kind: "dynamic", of: "features", prefix: "", words: [] }],
    ["codex-ts features disable ", { kind: "dynamic", of: "features", prefix: "", words: [] }],
    ["codex-ts mcp get ", { kind: "dynamic", of: "servers", prefix: "", words: [] }],
    ["codex-ts hooks test ", { kind: "dynamic", of: "hook_events", prefix: "", words: [] }],
    ["codex-ts exec -i ", { kind: "files" }],
    ["codex-ts exec -- -", { kind: "files" }],
    ["codex-ts config check ", { kind: "files" }],
    ["codex-ts exec -C ", { kind: "folders" }],
  ])("%j is looked up, or left to the shell", (line, found) => {
    expect(at(line)).toEqual(found);
  });
});

describe("values of this machine", () => {
  const ask = async (world: CliWorld, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await world.run(["completion", "--candidates", ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    return stdout;
  };

  test("sessions by id or name with what they are about, profiles, models and servers", async () => {
    await using world = await worldWithSession();
    const about = "tidy the cellar: first the shelf";
    expect(await ask(world, "zsh", "=", "exec", "resume")).toBe(`${world.session}\t${about}\n`);
    await world.run(["sessions", "name", world.session, "the cellar"]);
    expect(await ask(world, "zsh", "=", "exec", "resume")).toBe(`the cellar\t${about}\n`);
    expect(await ask(world, "fish", "=w", "exec", "-p")).toBe("work\tmodel gpt-5.1\n");
    expect(await ask(world, "fish", "=gpt-5.2-", "exec", "-m")).toMatch(/^gpt-5\.2-codex\t.+\n$/);
    expect(await ask(world, "bash", "=rea", "exec", "--sandbox", "=")).toBe("read-only\t\n");
    await world.run(["mcp", "add", "docs", "--url", "http://127.0.0.1:9/mcp"]);
    expect(await ask(world, "fish", "=", "mcp", "get")).toBe("docs\t\n");
  });

  test("broken settings cost what needs them, and nobody's line is written into", async () => {
    await using world = await worldWithSession();
    await writeFile(nodePath.join(world.home, "config.toml"), "this is no TOML");
    expect(await ask(world, "zsh", "=", "exec", "-p")).toBe("");
    expect(await ask(world, "zsh", "=", "exec", "resume")).toContain(world.session);
    expect(await ask(world, "zsh", "=fea")).toMatch(/^features\t/);
  });
});

interface Shell {
  readonly name: string;
  /** Starts it with what it reads first. */
  readonly start: (rc: string) => readonly string[];
  /** A prompt to wait for, and whatever completion needs in front of its script. */
  readonly prompt: string;
  /** How it writes a word with a blank in it. */
  readonly quoted?: string;
}

const shells: readonly Shell[] = [
  {
    name: "bash",
    start: (rc) => ["bash", "--noprofile", "--rcfile", rc, "-i"],
    prompt: "PS1='ready> '",
  },
  {
    name: "zsh",
    start: (rc) => ["env", `ZDOTDIR=${nodePath.dirname(rc)}`, "zsh", "-d", "-i"],
    prompt: "PS1='ready> '; autoload -Uz compinit; compinit -u -D",
  },
  {
    name: "fish",
    start: (rc) => ["fish", "--no-config", "-C", `source ${rc}`, "-i"],
    prompt: "function fish_prompt; echo 'ready> '; end",
  },
  {
    name: "elvish",
    start: (rc) => ["elvish", "-rc", rc],
    prompt: "set edit:prompt = { print 'ready> ' }; set edit:rprompt = { }",
    quoted: "'the cellar'",
  },
];

/** Where it is missing its test is passed over, but for the machine that vouches for all of them. */
function isPassedOver(shell: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(nodePath.delimiter);
  const isInstalled = folders.some((folder) => existsSync(nodePath.join(folder, shell)));
  if (isInstalled) return false;
  if (process.env["CI"] === undefined) return true;
  throw new Error(`${shell} is not installed, and its completion cannot be tried`);
}

describe.each(shells)("in $name", ({ start, prompt, name, quoted = "the\\ cellar" }) => {
  async function open(world: CliWorld): Promise<TerminalPane> {
    const folder = nodePath.join(nodePath.dirname(world.home), "bin");
    await mkdir(folder);
    const program = nodePath.join(folder, "codex-ts");
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${world.cli.entry}" "$@"\n`);
    await chmod(program, 0o755);
    const rc = nodePath.join(folder, ".zshrc");
    const script = await world.run(["completion", name]);
    await writeFile(rc, `${prompt}\n${script.stdout}`);
    const pane = await terminalPane({
      command: start(rc),
      env: { ...world.env, PATH: `${folder}:${world.env["PATH"]}`, HISTFILE: "" },
      cwd: world.repository,
      columns: 100,
      rows: 30,
    });
    await pane.shows(/^ready>$/m);
    return pane;
  }

  test.skipIf(isPassedOver(name))(
    "commands, flags and values are completed by Tab, and so are those of this machine",
    async () => {
      await using world = await worldWithSession();
      await using pane = await open(world);
      const typed = async (line: string, completed: string): Promise<void> => {
        await pane.type(line);
        await pane.press("Tab");
        expect(await pane.shows(completed)).toContain(completed);
        // What it had to quote, elvish only proposes; until it is taken there are other keys.
        if (name === "elvish" && /^--sandbox=|'/.test(completed)) {
          await pane.shows("COMPLETING");
          await pane.press("Enter");
        }
        await pane.press("C-u");
        await pane.shows(/^ready>$/m);
      };
      expect(await pane.screen()).not.toContain("codex-ts");
      await typed("codex-ts featu", "codex-ts features");
      await typed("codex-ts exec --output-s", "--output-schema");
      await typed("codex-ts exec -s works", "-s workspace-write");
      await typed("codex-ts exec --sandbox=dan", "--sandbox=danger-full-access");
      await typed("codex-ts exec -p wo", "-p work");
      await typed("codex-ts exec -m gpt-5.2-", "-m gpt-5.2-codex");
      await typed("codex-ts exec resume ", world.session);
      await world.run(["sessions", "name", world.session, "the cellar"]);
      await typed("codex-ts exec resume th", `resume ${quoted}`);
      await typed("codex-ts exec -i a.t", "-i a.txt");
    },
    120_000,
  );
});

test.each(completionShells)(
  "the script of %s is printed, and no broken pipe told of",
  async (shell) => {
    await using world = await cliWorld({ script: [respond([message("ok")])] });
    const { code, stdout, stderr } = await world.run(["completion", shell]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("completion --candidates");
    const piped = await runProcess(
      [
        "bash",
        "-c",
        `"${process.execPath}" "${world.cli.entry}" completion ${shell} | true; echo \${PIPESTATUS[0]}`,
      ],
      { env: { ...world.env } },
    );
    expect([piped.stdout, piped.stderr]).toEqual(["0\n", ""]);
  },
);
