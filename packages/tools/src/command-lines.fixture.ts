// Generated command lines: of programs that only look, with options that they may have and others that
// they may not, and of programs that do something, in all kinds of scripts.
import fc from "fast-check";

/** Where the network of a run listens. */
export const PORT = 8099;

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

/** Programs that are on the list, with options that they may have and others that they may not. */
const listed = fc.oneof(
  joined(pick("tac"), operand),
  joined(pick("cat ls head tail wc tac nl rev grep cut paste stat echo pwd true which expr"), few),
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
      "-C dir",
      "-C theirs",
      "-C dir -C ../theirs",
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
      "--format=%G?",
      "--show-signature",
      "--remerge-diff",
      "--diff-merges=r -p",
      "--diff-merges remerge",
      "-q",
      "http://127.0.0.1:8099/x",
      "--",
      "-O out",
    ),
  ),
  joined(fc.constant("seq"), pick("1 2 3"), pick("4 5")),
  joined(fc.constant("tr"), pick("a b"), pick("c d")),
  fc.constantFrom(
    "cd theirs && git status",
    "cd dir && cd ../theirs; git diff",
    "cd dir; git status",
    "cat a.txt | tac",
    "tac < a.txt",
    "tac /dev/stdin",
  ),
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

/** So many scripts; the same for the same seed. */
export function generateScripts(count: number, seed: number): readonly string[] {
  return fc.sample(script, { numRuns: count, seed });
}
