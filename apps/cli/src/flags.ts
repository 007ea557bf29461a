// The flags that several commands share, and what they add up to.
import type { CliOverride } from "@codex-ts/config";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ColorMode } from "./colors.ts";
import { parseDuration } from "./exec/run-limits.ts";

/** What the flags in front of and behind a subcommand add up to; later ones win, lists append. */
export interface ConfigFlags {
  /** `-c key=value`, `--enable` and `--disable`, in order. */
  readonly config: CliOverride[];
  /** Whether unknown keys in config files are errors. */
  strict?: true;
  model?: string;
  profile?: string;
  sandbox?: "read-only" | "workspace-write" | "danger-full-access";
  cd?: string;
  fullAuto?: true;
  bypass?: true;
  oss?: true;
  localProvider?: "lmstudio" | "ollama";
  readonly addDirs: string[];
}

/** Flags of a run. */
export interface ExecFlags {
  json?: true;
  color: ColorMode;
  outputLastMessage?: string;
  outputSchema?: string;
  skipGitRepoCheck?: true;
  ephemeral?: true;
  /** Milliseconds. */
  timeout?: number;
  maxTurns?: number;
  failOnDenied?: true;
  readonly images: string[];
}

const sandboxModes = ["read-only", "workspace-write", "danger-full-access"] as const;

/** Flags that every command that reads the configuration has. */
export function addConfigFlags(command: Command, config: ConfigFlags): void {
  const own = command.options.length;
  command
    .addOption(
      collected(
        "-c, --config <KEY=VALUE>",
        "set a config value (TOML) for this run; may be repeated",
        config.config,
      ),
    )
    .addOption(
      collected(
        "--enable <FEATURE>",
        "switch a feature on for this run",
        config.config,
        (enable) => [{ enable }],
      ),
    )
    .addOption(
      collected(
        "--disable <FEATURE>",
        "switch a feature off for this run",
        config.config,
        (disable) => [{ disable }],
      ),
    );
  command.addOption(
    kept("-p, --profile <PROFILE>", "use a profile of config.toml", (value) => {
      config.profile = value;
    }),
  );
  addSwitch(
    command,
    new Option("--strict-config", "refuse config files with keys that nobody knows"),
    () => {
      config.strict = true;
    },
  );
  for (const option of command.options.slice(own)) option.helpGroup("Settings for this run:");
}

/** Flags that say how the agent works. */
export function addRunFlags(command: Command, config: ConfigFlags): void {
  const own = command.options.length;
  command
    .addOption(
      kept("-m, --model <MODEL>", "the model", (value) => {
        config.model = value;
      }),
    )
    .addOption(
      kept(
        "-s, --sandbox <MODE>",
        "what commands may do",
        (value) => {
          config.sandbox = value as (typeof sandboxModes)[number];
        },
        sandboxModes,
      ),
    )
    .addOption(
      kept("-C, --cd <DIR>", "work in this folder", (value) => {
        config.cd = value;
      }),
    )
    .addOption(
      collected(
        "--add-dir <DIR>",
        "one more folder that may be written to; may be repeated",
        config.addDirs,
      ),
    );
  addSwitch(
    command,
    new Option(
      "--full-auto",
      "work without questions inside the workspace-write sandbox",
    ).conflicts(["dangerouslyBypassApprovalsAndSandbox", "yolo"]),
    () => {
      config.fullAuto = true;
    },
  );
  const bypass = (): void => {
    config.bypass = true;
  };
  addSwitch(
    command,
    new Option(
      "--dangerously-bypass-approvals-and-sandbox",
      "no sandbox and no questions: only where something else confines the agent (alias --yolo)",
    ),
    bypass,
  );
  addSwitch(command, new Option("--yolo").hideHelp(), bypass);
  addSwitch(
    command,
    new Option("--oss", "use a model on this machine (see --local-provider)"),
    () => {
      config.oss = true;
    },
  );
  command.addOption(
    kept(
      "--local-provider <NAME>",
      "which local server --oss means",
      (value) => {
        config.localProvider = value as "lmstudio" | "ollama";
      },
      ["lmstudio", "ollama"],
    ),
  );
  for (const option of command.options.slice(own)) option.helpGroup("How the agent works:");
}

/** Flags of a run without a user interface. */
export function addExecFlags(command: Command, exec: ExecFlags): void {
  const json = (): void => {
    exec.json = true;
  };
  addSwitch(command, new Option("--json", "print events as JSON lines on stdout"), json);
  addSwitch(command, new Option("--experimental-json").hideHelp(), json);
  addSwitch(
    command,
    new Option("--skip-git-repo-check", "also work outside of a git repository"),
    () => {
      exec.skipGitRepoCheck = true;
    },
  );
  addSwitch(command, new Option("--ephemeral", "write no session file"), () => {
    exec.ephemeral = true;
  });
  command
    .addOption(
      kept("-o, --output-last-message <FILE>", "write the last message to a file", (value) => {
        exec.outputLastMessage = value;
      }),
    )
    .addOption(
      kept("--output-schema <FILE>", "JSON Schema that the last message must follow", (value) => {
        exec.outputSchema = value;
      }),
    )
    .addOption(
      collected(
        "-i, --image <FILE[,FILE]>",
        "an image to go with the prompt; may be repeated",
        exec.images,
        (value) => value.split(",").filter((path) => path !== ""),
      ),
    )
    .addOption(colorOption(exec))
    .addOption(
      kept("--timeout <TIME>", "stop after this time: 90 (seconds), 90s, 10m or 2h", (value) => {
        const ms = parseDuration(value);
        if (ms === null) {
          throw new InvalidArgumentError("It takes seconds, or a number with s, m or h.");
        }
        exec.timeout = ms;
      }),
    )
    .addOption(
      kept("--max-turns <N>", "stop when the model wants to go on after N answers", (value) => {
        if (!/^[1-9]\d{0,8}$/.test(value)) {
          throw new InvalidArgumentError("It takes a whole number from 1 up.");
        }
        exec.maxTurns = Number(value);
      }),
    );
  addSwitch(
    command,
    new Option("--fail-on-denied", "fail when a command, a patch or the prompt was not allowed"),
    () => {
      exec.failOnDenied = true;
    },
  );
}

/** `--color`. */
export function colorOption(exec: ExecFlags): Option {
  return kept(
    "--color <WHEN>",
    "colours on stderr (default: auto)",
    (value) => {
      exec.color = value as ColorMode;
    },
    ["always", "never", "auto"],
  );
}

/** An option whose values add up in `into`, in the order of the command line. */
export function collected<T>(
  flags: string,
  description: string,
  into: (T | string)[],
  split: (value: string) => readonly (T | string)[] = (value) => [value],
): Option {
  return new Option(flags, description).argParser((value: string) => {
    into.push(...split(value));
    return into;
  });
}

function kept(
  flags: string,
  description: string,
  keep: (value: string) => void,
  choices?: readonly string[],
): Option {
  const option = new Option(flags, description);
  if (choices !== undefined) option.choices(choices);
  const check = option.parseArg;
  return option.argParser((value: string) => {
    const checked = check === undefined ? value : check(value, undefined);
    keep(checked as string);
    return checked;
  });
}

function addSwitch(command: Command, option: Option, turnOn: () => void): void {
  command.addOption(option);
  command.on(`option:${option.name()}`, turnOn);
}
