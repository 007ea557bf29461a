// No command that is judged to be harmless writes, deletes or talks to the network: thousands of
// generated ones are run, confined with everything denied and bare in a namespace that is thrown away.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isKnownSafeCommand } from "@codex-ts/shell-command";
import { temporaryDirectory } from "@codex-ts/test-support";
import { fromAbsolute } from "@codex-ts/absolute-path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { localTestEnvironment } from "./tool-context.fixture.ts";

const GENERATED = 10_000;
/** Where the namespace of the bare runs listens. */
const PORT = 8099;

const pick = (words: string): fc.Arbitrary<string> => fc.constantFrom(...words.split(" "));

const operand = fc.oneof(
  { weight: 8, arbitrary: pick("a.txt b.txt dir dir/c.txt . missing -x link") },
  { weight: 3, arbitrary: pick("*.txt dir/* {a,b}.txt ?.txt [ab].txt -- - a\\ b") },
  {
    weight: 3,
    arbitrary: fc.constantFrom("'a.txt'", '"b.txt"', "'a b'", '"dir"/c.txt', "a'.'txt"),
  },
  { weight: 1, arbitrary: fc.constantFrom("$HOME", '"$PWD"', "$(touch pwn)", "`touch pwn`") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(">out", "2>err", "<a.txt", ">>a.txt", "<<<x", "~", "#x"),
  },
);
const few = fc.array(operand, { maxLength: 2 });
const joined = (...parts: readonly fc.Arbitrary<string | readonly string[]>[]) =>
  fc.tuple(...parts).map((words) =>
    words
      .flat()
      .filter((word) => word !== "")
      .join(" "),
  );

/**
 * Programs that are on the list (but for `tac`, which keeps what comes through a pipe in a temporary
 * file that nobody else sees: where that is denied it fails), with options that they may have and others
 * that they may not.
 */
const listed = fc.oneof(
  joined(pick("cat ls head tail wc nl rev grep cut paste stat echo pwd true which expr"), few),
  joined(fc.constant("ls"), pick("-a -l -R -d --color=never"), few),
  joined(pick("head tail"), pick("-1 -n1 -c3"), few),
  joined(fc.constant("grep"), pick("-n -r -c -q -f"), pick("x e a.txt"), few),
  joined(
    fc.constant("find"),
    pick(". dir"),
    pick("-name -type -newer"),
    pick("*.txt f a.txt"),
    fc.constantFrom(
      "",
      "-print",
      "-delete",
      "-exec touch pwn ;",
      "-exec touch pwn \\;",
      "-fprint out",
      "-ok rm {} \\;",
      "-fls out",
      "-fprintf out %p",
    ),
  ),
  joined(
    fc.constant("sed"),
    pick("-n -i -e"),
    fc.constantFrom("1p", "1,2p", "'w out'", "1d", "'1e touch pwn'"),
    operand,
  ),
  joined(fc.constant("uniq"), few),
  joined(
    fc.constant("base64"),
    fc.constantFrom("", "-d", "-o out", "-oout", "--output=out"),
    operand,
  ),
  joined(
    fc.constant("rg"),
    fc.constantFrom("", "--pre=touch", "--pre touch", "-z", "-nz", "-n"),
    pick("x e"),
    few,
  ),
  joined(
    fc.constant("git"),
    fc.constantFrom(
      "",
      "-C .",
      "-p",
      "-c core.pager=touch",
      "-ccore.fsmonitor=touch",
      "--no-pager",
      "--exec-path=.",
      "--git-dir=.git",
      "--paginate",
    ),
    pick("status log diff show branch fetch stash commit checkout clean gc tag"),
    fc.constantFrom(
      "",
      "-1",
      "--stat",
      "--output=out",
      "--output out",
      "--ext-diff",
      "--textconv",
      "new",
      "-d new",
      "--list",
      "-a",
      "--format=%h",
      "-q",
      "http://127.0.0.1:8099/x",
      "--",
      "-O out",
    ),
  ),
  joined(fc.constant("seq"), pick("1 2 3"), pick("4 5")),
  joined(fc.constant("tr"), pick("a b"), pick("c d")),
  joined(pick("numfmt id uname whoami false"), fc.constantFrom("", "-u", "--help")),
);
/** Programs that do something. */
const doing = fc.oneof(
  joined(pick("touch rm mkdir tee truncate mkfifo"), fc.constantFrom("pwn", "-f a.txt", "-r dir")),
  joined(pick("cp mv ln install"), fc.constant("a.txt pwn")),
  fc.constantFrom(
    `curl -m1 http://127.0.0.1:${PORT}/`,
    `exec 3<>/dev/tcp/127.0.0.1/${PORT}`,
    `cat </dev/tcp/127.0.0.1/${PORT}`,
    "sort -o out a.txt",
    "awk 'BEGIN{print > \"out\"}'",
    "dd if=a.txt of=out",
    'python3 -c \'open("out","w")\'',
    "eval touch pwn",
    "source a.txt",
    ". a.txt",
    "xargs touch",
    "env touch pwn",
    "command touch pwn",
    "builtin echo x > out",
    "trap 'touch pwn' EXIT",
    "alias ls='touch pwn'",
    "ls() { touch pwn; }; ls",
    "printf -v x y",
    "./tool a",
    "bin/ls",
  ),
);
const prefix = fc.oneof(
  { weight: 5, arbitrary: fc.constant("") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "FOO=1 ",
      "PATH=.:$PATH ",
      "env ",
      "time ",
      "! ",
      "sudo ",
      "exec ",
      "\\",
    ),
  },
);
const simple = joined(
  prefix,
  fc.oneof({ weight: 6, arbitrary: listed }, { weight: 4, arbitrary: doing }),
);
const script = fc.oneof(
  { weight: 10, arbitrary: simple },
  {
    weight: 5,
    arbitrary: fc
      .tuple(simple, fc.constantFrom(" | ", " && ", " || ", "; ", "\n", " & ", "|&", "&&"), simple)
      .map((parts) => parts.join("")),
  },
  { weight: 1, arbitrary: simple.map((command) => `(${command})`) },
  { weight: 1, arbitrary: simple.map((command) => `{ ${command}; }`) },
  { weight: 1, arbitrary: simple.map((command) => `echo "$(${command})"`) },
  { weight: 1, arbitrary: simple.map((command) => `${command} <<EOF\n$(touch pwn)\nEOF`) },
  { weight: 1, arbitrary: simple.map((command) => `${command} <<'EOF' > out\ntext\nEOF`) },
  { weight: 1, arbitrary: simple.map((command) => `if ${command}; then touch pwn; fi`) },
  { weight: 1, arbitrary: simple.map((command) => `for f in *; do ${command}; done`) },
  { weight: 1, arbitrary: simple.map((command) => `${command} # touch pwn`) },
  { weight: 1, arbitrary: simple.map((command) => `bash -c '${command.replaceAll("'", "")}'`) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 12 }).map((text) => `ls ${text}`),
  },
);

const generated = fc
  .sample(script, { numRuns: GENERATED, seed: 20_260_401 })
  .map((text): readonly string[] => ["bash", "-c", text]);
const safe = [
  ...new Map(
    generated
      .filter((argv) => isKnownSafeCommand(argv))
      .map((argv): [string, readonly string[]] => [JSON.stringify(argv), argv]),
  ).values(),
];

/** Runs commands one after another and prints what came of each, as JSON lines. */
const DRIVER = `
const { execFile } = require("node:child_process");
const { readdirSync, readFileSync, lstatSync, readlinkSync } = require("node:fs");
const { createServer } = require("node:net");
const [list, folder, isBare] = process.argv.slice(1);
const state = (path) => readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  .map((entry) => {
    const at = path + "/" + entry.name;
    if (entry.isDirectory()) return [entry.name, state(at)];
    if (entry.isSymbolicLink()) return [entry.name, readlinkSync(at)];
    const { mode, size, mtimeMs } = lstatSync(at);
    return [entry.name, mode, size, mtimeMs];
  });
let connections = 0;
const server = createServer((socket) => { connections += 1; socket.destroy(); });
const run = (argv) => new Promise((done) => {
  const child = execFile(argv[0], argv.slice(1), { cwd: folder, timeout: 5000, maxBuffer: 1 << 24 },
    (error, stdout, stderr) => done({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr }));
  child.stdin.end();
});
(async () => {
  if (isBare) await new Promise((done) => server.listen(${PORT}, "127.0.0.1", done));
  let before = isBare ? JSON.stringify(state(folder)) : "";
  for (const argv of JSON.parse(readFileSync(list, "utf8"))) {
    const outcome = await run(argv);
    const after = isBare ? JSON.stringify(state(folder)) : "";
    console.log(JSON.stringify({ ...outcome, changed: after !== before, connected: connections > 0 }));
    before = after;
    connections = 0;
  }
  server.close();
})();
`;

interface Outcome {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
  /** Only seen of bare runs. */
  readonly changed: boolean;
  readonly connected: boolean;
}

const local = await localTestEnvironment();
afterAll(() => local[Symbol.asyncDispose]());

function outcomes(text: string): readonly Outcome[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Outcome);
}

test("10,000 generated commands: what is judged harmless leaves no trace, and needs nothing that is denied", async () => {
  await using temp = await temporaryDirectory();
  const folder = temp.path;
  const work = join(folder, "work");
  await mkdir(join(folder, "home"));
  await temp.write({
    "work/a.txt": "one\nexample\nx\n",
    "work/b.txt": "two\n",
    "work/a b": "spaced\n",
    "work/dir/c.txt": "three\n",
    "work/tool": "#!/bin/sh\ntouch pwn\n",
    "work/bin/ls": "#!/bin/sh\ntouch pwn\n",
  });
  execFileSync("chmod", ["+x", join(work, "tool"), join(work, "bin/ls")]);
  execFileSync("ln", ["-s", "a.txt", join(work, "link")]);
  // Older than the index, so that git has no reason to refresh it.
  const past = new Date("2001-01-01");
  for (const name of ["a.txt", "b.txt", "a b", "dir/c.txt", "tool", "bin/ls"]) {
    await utimes(join(work, name), past, past);
  }
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: join(folder, "home"),
    GIT_CONFIG_NOSYSTEM: "1",
    // git status may freshen what the index remembers of the files, which changes nothing for anyone.
    GIT_OPTIONAL_LOCKS: "0",
    LC_ALL: "C",
  };
  const git = (...args: readonly string[]) => execFileSync("git", args, { cwd: work, env });
  git("init", "-q");
  git("add", ".");
  git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one");
  git("status");

  const driverFor = async (
    name: string,
    commands: readonly (readonly string[])[],
  ): Promise<readonly [string, ...string[]]> => {
    const list = join(folder, name);
    await writeFile(list, JSON.stringify(commands));
    return [process.execPath, "-e", DRIVER, list, work];
  };
  const bare = async (commands: readonly (readonly string[])[]): Promise<readonly Outcome[]> => {
    const driver = await driverFor("bare.json", commands);
    const child = spawn(
      "bwrap",
      ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
        .concat(["--bind", folder, folder, "--unshare-net", "--unshare-pid", "--die-with-parent"])
        .concat([...driver, "bare"]),
      { env, stdio: ["ignore", "pipe", "inherit"] },
    );
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(child, "close");
    return outcomes(Buffer.concat(chunks).toString());
  };
  const denied = async (commands: readonly (readonly string[])[]): Promise<readonly Outcome[]> => {
    const driver = await driverFor("denied.json", commands);
    const cwd = fromAbsolute(folder);
    await using child = await local.environment.start({
      command: { argv: driver, cwd, env },
      confinement: {
        kind: "sandboxed",
        context: { policy: { type: "read-only", network_access: false }, policyCwd: cwd },
      },
    });
    const chunks: Uint8Array[] = [];
    child.onOutput(({ bytes }) => void chunks.push(Uint8Array.from(bytes)));
    await child.closed;
    return outcomes(Buffer.concat(chunks).toString());
  };

  // What is to be found is found.
  const probes = ["touch pwn", "rm pwn", `exec 3<>/dev/tcp/127.0.0.1/${PORT}`, "ls"].map(
    (text) => ["bash", "-c", text] as const,
  );
  expect((await bare(probes)).map(({ changed, connected }) => ({ changed, connected }))).toEqual([
    { changed: true, connected: false },
    { changed: true, connected: false },
    { changed: false, connected: true },
    { changed: false, connected: false },
  ]);

  expect(generated).toHaveLength(GENERATED);
  expect(safe.length).toBeGreaterThan(500);
  const [ran, confined] = await Promise.all([bare(safe), denied(safe)]);
  // The programs of a pipeline write their errors as they come, into one another's lines, and one whose
  // reader has gone ends before it has said all: what they say there is no outcome.
  const errors = (argv: readonly string[], text: string | undefined): string | undefined =>
    /(?<!\|)\|(?!\|)/.test(argv[2] ?? "") ? undefined : text;
  const named = (each: readonly Outcome[]) =>
    safe.map((argv, index) => ({
      ...each[index],
      script: argv[2],
      stderr: errors(argv, each[index]?.stderr),
    }));
  expect(named(ran).filter(({ changed, connected }) => changed || connected)).toEqual([]);
  expect(named(confined)).toEqual(named(ran));
}, 600_000);
