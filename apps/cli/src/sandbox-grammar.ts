// `codex-ts sandbox …`: commands, flags and help.
import type { SandboxAspect } from "@codex-ts/sandboxing";
import { type Command, InvalidArgumentError, Option } from "commander";
import { addConfigFlags, type ConfigFlags } from "./flags.ts";

/** Where a command insists to be: `any` takes what the machine has. */
export type SandboxPlatform = "any" | "linux" | "macos" | "windows";

export type SandboxInvocation =
  | {
      readonly command: "sandbox";
      readonly config: ConfigFlags;
      readonly platform: SandboxPlatform;
      readonly words: readonly string[];
      readonly flags: SandboxFlags;
    }
  | {
      readonly command: "sandbox probe";
      readonly config: ConfigFlags;
      readonly flags: SandboxFlags;
    }
  | {
      readonly command: "sandbox check";
      readonly config: ConfigFlags;
      readonly flags: SandboxFlags;
    };

export interface SandboxFlags {
  fullAuto?: true;
  isolateIpc?: true;
  json?: true;
  require: readonly SandboxAspect[];
  /** Paths and patterns that may not be read. */
  denyRead: readonly string[];
}

const aspects: readonly SandboxAspect[] = [
  "file_writes",
  "file_attributes",
  "protected_paths",
  "file_reads",
  "network",
  "local_ipc",
  "processes",
  "devices",
];

function parseAspects(
  text: string,
  before: readonly SandboxAspect[] | undefined,
): readonly SandboxAspect[] {
  const named = text.split(",").map((name) => {
    const aspect = aspects.find((known) => known === name.trim().replaceAll("-", "_"));
    if (aspect !== undefined) return aspect;
    throw new InvalidArgumentError(`${name} is none of ${aspects.join(", ")}.`);
  });
  return [...(before ?? []), ...named];
}

const isolateFlag = (): Option =>
  new Option(
    "--isolate-ipc",
    "refuse Unix datagrams too, which reach the sockets of other programs",
  );

const addPattern = (pattern: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  pattern,
];

const noFlags: SandboxFlags = { require: [], denyRead: [] };

const EXAMPLES = `
Examples:
  codex-ts sandbox -- npm test                 read-only, no network
  codex-ts sandbox --full-auto -- npm test     the folder may be written
  codex-ts sandbox --deny-read '**/.env' -- npm test
  codex-ts sandbox --require network -- make   do not run where the network cannot be cut off
  codex-ts sandbox probe                       what this machine enforces, and how to get more
  codex-ts sandbox check                       try every way out

A command that has the name of one of these goes behind its system: codex-ts sandbox linux -- probe

Exit codes: the command's own; 128 and the signal's number; 127 not found; 1 no sandbox.`;

/** Adds the command to the program. */
export function addSandboxCommand(
  program: Command,
  config: ConfigFlags,
  choose: (invocation: SandboxInvocation) => void,
): void {
  const addRunFlags = (command: Command, platform: SandboxPlatform): Command => {
    addConfigFlags(command, config);
    command
      .option("--full-auto", "let the current folder and temporary folders be written")
      .addOption(isolateFlag())
      .addOption(
        new Option(
          "--require <ASPECTS>",
          `do not run unless these are enforced, by commas: ${aspects.join(", ")}`,
        ).argParser(parseAspects),
      )
      .addOption(
        new Option(
          "--deny-read <PATTERN>",
          "a path or pattern (**/.env) that may not be read; may be repeated",
        ).argParser(addPattern),
      );
    return command
      .argument("[COMMAND...]", "the command, word by word")
      .passThroughOptions()
      .action((words: readonly string[], flags: Partial<SandboxFlags>) => {
        choose({ command: "sandbox", config, platform, words, flags: { ...noFlags, ...flags } });
      });
  };
  const sandbox = addRunFlags(
    program
      .command("sandbox")
      .description("run a command as the agent's commands are run, confined"),
    "any",
  ).addHelpText("after", EXAMPLES);
  addRunFlags(
    sandbox.command("linux").alias("landlock").description("the same, on Linux only"),
    "linux",
  );
  addRunFlags(
    sandbox.command("macos").alias("seatbelt").description("the same, on macOS only"),
    "macos",
  );
  addRunFlags(sandbox.command("windows").description("the same, on Windows only"), "windows");

  const probe = sandbox
    .command("probe")
    .description("say what this machine enforces, by what, and the command that gives it more")
    .addOption(isolateFlag())
    .option("--json", "print JSON")
    .action((flags: Partial<SandboxFlags>) =>
      choose({ command: "sandbox probe", config, flags: { ...noFlags, ...flags } }),
    );
  addConfigFlags(probe, config);
  const check = sandbox
    .command("check")
    .description(
      "try every way out of the sandbox, and ordinary work in it; exit code 1 when one fails",
    )
    .addOption(isolateFlag())
    .option("--json", "print JSON")
    .action((flags: Partial<SandboxFlags>) =>
      choose({ command: "sandbox check", config, flags: { ...noFlags, ...flags } }),
    );
  addConfigFlags(check, config);
}
