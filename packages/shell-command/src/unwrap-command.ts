// Programs that run another program, named by their own arguments.

interface Wrapper {
  /** The letters of short options whose value is the next word. */
  readonly valued: string;
  readonly valuedLong?: readonly string[];
  /** How many words stand between the options and the program. */
  readonly operands?: number;
}

const plain: Wrapper = { valued: "" };

const wrappers: Readonly<Record<string, Wrapper>> = {
  builtin: plain,
  busybox: plain,
  caffeinate: { valued: "tw" },
  chroot: { valued: "", operands: 1 },
  command: plain,
  doas: { valued: "uC" },
  env: { valued: "uC", valuedLong: ["--unset", "--chdir"] },
  exec: { valued: "a" },
  ionice: { valued: "cnp" },
  nice: { valued: "n", valuedLong: ["--adjustment"] },
  nohup: plain,
  setsid: plain,
  stdbuf: { valued: "ioe" },
  sudo: {
    valued: "CDgghpRrTtUu",
    valuedLong: [
      "--user",
      "--group",
      "--host",
      "--prompt",
      "--chdir",
      "--chroot",
      "--role",
      "--type",
    ],
  },
  time: { valued: "fo" },
  timeout: { valued: "ks", valuedLong: ["--kill-after", "--signal"], operands: 1 },
  toybox: plain,
  xargs: {
    valued: "adEILnPs",
    valuedLong: ["--arg-file", "--max-args", "--max-procs", "--replace"],
  },
};

/** Words of the shell's grammar after which a command begins. */
const openings = new Set("! { if then elif else while until do time".split(" "));

/**
 * The command that is run in the end: variables set for it, `sudo`, `env`, `timeout`, `xargs` and their
 * like with their options are taken off, and so are the shell's words that begin a command.
 */
export function unwrapCommand(argv: readonly string[]): readonly string[] {
  let words = argv;
  for (;;) {
    const [first] = words;
    if (first === undefined) return words;
    const wrapper = wrapperOf(first);
    if (/^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(first)) words = words.slice(1);
    else if (wrapper !== null) words = withoutWrapper(words, wrapper);
    else if (openings.has(first)) words = words.slice(1);
    else return words;
  }
}

function wrapperOf(program: string): Wrapper | null {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return Object.hasOwn(wrappers, name) ? (wrappers[name] ?? null) : null;
}

function withoutWrapper(words: readonly string[], wrapper: Wrapper): readonly string[] {
  let index = 1;
  for (let option = words[1]; option?.startsWith("-"); option = words[index]) {
    index += 1;
    if (option === "--") break;
    const isValued = option.startsWith("--")
      ? wrapper.valuedLong?.includes(option) === true
      : wrapper.valued.includes(option.slice(-1)) && option.length === 2;
    if (isValued) index += 1;
  }
  return words.slice(index + (wrapper.operands ?? 0));
}
