// The command line's grammar: commands, flags and their help.
import { Argument, Command, Option } from "commander";
import type { ColorMode } from "./colors.ts";
import {
  addConfigFlags,
  addExecFlags,
  addRunFlags,
  type ConfigFlags,
  colorOption,
  type ExecFlags,
} from "./flags.ts";
import { DOCTOR_NOTES, EXEC_EXAMPLES, ROOT_EXAMPLES, WHY_EXAMPLES } from "./help-texts.ts";
import { addReviewCommand, type ReviewChoice } from "./review-grammar.ts";
import { addExecPolicyCommand, type ExecPolicyInvocation } from "./execpolicy-grammar.ts";
import { addSandboxCommand, type SandboxInvocation } from "./sandbox-grammar.ts";
import { addSessionsCommand, type SessionsInvocation } from "./sessions-grammar.ts";
import { addSettingsCommands, type SettingsInvocation } from "./settings-grammar.ts";
import { version } from "./version.ts";

export type Invocation =
  | {
      readonly command: "exec";
      readonly config: ConfigFlags;
      readonly exec: ExecFlags;
      readonly prompt: string | undefined;
      /** The session to go on with; absent for a new one. */
      readonly resume?: {
        readonly session: string | undefined;
        readonly last: boolean;
        readonly all: boolean;
      };
      /** What to have reviewed, instead of a turn with the prompt. */
      readonly review?: ReviewChoice;
    }
  | {
      readonly command: "login";
      readonly config: ConfigFlags;
      readonly with: LoginMethod;
      readonly json: boolean;
      /** Another login server and client, for the device code alone. */
      readonly issuer: string | undefined;
      readonly clientId: string | undefined;
    }
  | { readonly command: "login status"; readonly config: ConfigFlags; readonly json: boolean }
  | {
      readonly command: "logout";
      readonly config: ConfigFlags;
      readonly local: boolean;
      readonly json: boolean;
    }
  | SettingsInvocation
  | { readonly command: "hooks list"; readonly config: ConfigFlags; readonly json: boolean }
  | {
      readonly command: "hooks test";
      readonly config: ConfigFlags;
      readonly json: boolean;
      readonly event: string;
      readonly input: string | undefined;
    }
  | ExecPolicyInvocation
  | SandboxInvocation
  | SessionsInvocation
  | {
      readonly command: "why";
      readonly config: ConfigFlags;
      readonly json: boolean;
      /** As if the model had asked for the command to run outside the sandbox. */
      readonly escalated: boolean;
      readonly approvalPolicy: ApprovalPolicyName | undefined;
      readonly words: readonly string[];
    }
  | { readonly command: "doctor"; readonly config: ConfigFlags; readonly json: boolean }
  | { readonly command: "completion"; readonly shell: CompletionShell }
  | { readonly command: "demo"; readonly config: ConfigFlags; readonly color: ColorMode }
  | { readonly command: "interactive"; readonly prompt: string | undefined };

export const approvalPolicies = ["untrusted", "on-failure", "on-request", "never"] as const;
export type ApprovalPolicyName = (typeof approvalPolicies)[number];

/** `key_argument`: a key on the command line, which is refused. */
export type LoginMethod = "browser" | "device" | "api_key" | "key_argument";

export const completionShells = ["bash", "zsh", "fish", "powershell", "elvish"] as const;
export type CompletionShell = (typeof completionShells)[number];

/** The program, for parsing and for whatever is made from its definition (completion, manuals). */
export function buildProgram(choose: (invocation: Invocation) => void): Command {
  const config: ConfigFlags = { config: [], addDirs: [] };
  const exec: ExecFlags = { color: "auto", images: [] };

  const program = new Command("codex-ts")
    .description("A coding agent for the terminal.")
    .version(`codex-ts ${version}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help: -h the short one, --help all of it")
    .helpCommand("help [command]", "print the help of a command")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .argument("[PROMPT]", "what to do")
    .action((prompt: string | undefined) => choose({ command: "interactive", prompt }))
    .addHelpText("after", ROOT_EXAMPLES);
  addConfigFlags(program, config);
  addRunFlags(program, config);

  const execCommand = program
    .command("exec")
    .alias("e")
    .description("run the agent without a user interface, from a script or a terminal")
    .argument("[PROMPT]", "what to do; - reads it from standard input")
    .action((prompt: string | undefined) => choose({ command: "exec", config, exec, prompt }))
    .addHelpText("after", EXEC_EXAMPLES);
  addConfigFlags(execCommand, config);
  addRunFlags(execCommand, config);
  addExecFlags(execCommand, exec);

  const resumeCommand = execCommand
    .command("resume")
    .description("go on with an earlier session")
    .argument("[SESSION_ID]", "id or name of the session")
    .argument("[PROMPT]", "what to do; - reads it from standard input")
    .option("--last", "the newest session of this folder")
    .option("--all", "look at the sessions of all folders")
    .action(
      (
        first: string | undefined,
        second: string | undefined,
        flags: { readonly last?: true; readonly all?: true },
      ) => {
        const last = flags.last === true;
        const onlyPrompt = last && second === undefined;
        choose({
          command: "exec",
          config,
          exec,
          prompt: onlyPrompt ? first : second,
          resume: { session: onlyPrompt ? undefined : first, last, all: flags.all === true },
        });
      },
    );
  addConfigFlags(resumeCommand, config);
  addRunFlags(resumeCommand, config);
  addExecFlags(resumeCommand, exec);

  const chooseReview = (review: ReviewChoice, prompt: string | undefined): void =>
    choose({ command: "exec", config, exec, prompt, review });
  const execReview = addReviewCommand(execCommand, chooseReview);
  addConfigFlags(execReview, config);
  addRunFlags(execReview, config);
  addExecFlags(execReview, exec);
  const review = addReviewCommand(program, chooseReview);
  addConfigFlags(review, config);
  addRunFlags(review, config);

  const login = program
    .command("login")
    .description("log in: with the browser, a code for another device, or an API key")
    .option("--device-auth", "show a code to enter in a browser on any device")
    .option("--with-api-key", "read an API key from standard input and store it")
    .addOption(new Option("--api-key <KEY>").hideHelp())
    .addOption(new Option("--experimental_issuer <URL>").hideHelp())
    .addOption(new Option("--experimental_client-id <ID>").hideHelp())
    .option("--json", "print JSON, one value a line")
    .action((flags: LoginOptions) =>
      choose({
        command: "login",
        config,
        with: loginMethod(flags),
        json: flags.json === true,
        issuer: flags.experimental_issuer,
        clientId: flags.experimental_clientId,
      }),
    );
  addConfigFlags(login, config);
  const status = login
    .command("status")
    .description("say which credential is stored; exit code 1 when there is none")
    .option("--json", "print JSON")
    .action((flags: { readonly json?: true }, command: Command) =>
      choose({ command: "login status", config, json: wantsJson(flags, command) }),
    );
  addConfigFlags(status, config);

  const logout = program
    .command("logout")
    .description("remove the stored credential, and end a ChatGPT login at the service")
    .option("--local", "remove it here without telling the service")
    .option("--json", "print JSON")
    .action((flags: { readonly local?: true; readonly json?: true }) =>
      choose({
        command: "logout",
        config,
        local: flags.local === true,
        json: flags.json === true,
      }),
    );
  addConfigFlags(logout, config);

  addSettingsCommands(program, config, choose);

  const hooks = program.command("hooks").description("look at lifecycle hooks, and try them");
  addConfigFlags(hooks, config);
  const hooksList = hooks
    .command("list")
    .description("list every configured hook: where it stands, and whether it runs")
    .option("--json", "print JSON")
    .action((flags: { readonly json?: true }) =>
      choose({ command: "hooks list", config, json: flags.json === true }),
    );
  addConfigFlags(hooksList, config);
  const hooksTest = hooks
    .command("test")
    .description("run the hooks of one event, and print what comes of it")
    .argument("<EVENT>", "PreToolUse, PostToolUse, SessionStart, UserPromptSubmit or Stop")
    .option("--input <FILE>", "JSON payload; - reads standard input; what it lacks is made up")
    .option("--json", "print JSON")
    .action((event: string, flags: { readonly json?: true; readonly input?: string }) =>
      choose({
        command: "hooks test",
        config,
        json: flags.json === true,
        event,
        input: flags.input,
      }),
    );
  addConfigFlags(hooksTest, config);

  addSessionsCommand(program, config, choose);

  addExecPolicyCommand(program, config, choose);
  addSandboxCommand(program, config, choose);

  const why = program
    .command("why")
    .description("say what would become of a command, and which rule or setting says so")
    .argument("<COMMAND...>", "the command, behind --; a single word is a script for the shell")
    .option("--json", "print JSON")
    .option("--escalated", "as if the model had asked to run it outside the sandbox")
    .addOption(
      new Option("-a, --ask-for-approval <POLICY>", "under this approval policy").choices(
        approvalPolicies,
      ),
    )
    .action(
      (
        words: readonly string[],
        flags: {
          readonly json?: true;
          readonly escalated?: true;
          readonly askForApproval?: ApprovalPolicyName;
        },
      ) =>
        choose({
          command: "why",
          config,
          json: flags.json === true,
          escalated: flags.escalated === true,
          approvalPolicy: flags.askForApproval,
          words,
        }),
    )
    .addHelpText("after", WHY_EXAMPLES);
  addConfigFlags(why, config);
  addRunFlags(why, config);

  const doctor = program
    .command("doctor")
    .description("look at all that a run needs, and say how to mend what is amiss")
    .option("--json", "print JSON")
    .action(({ json }: { readonly json?: true }) =>
      choose({ command: "doctor", config, json: json === true }),
    )
    .addHelpText("after", DOCTOR_NOTES);
  addConfigFlags(doctor, config);
  addRunFlags(doctor, config);

  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("[SHELL]", "the shell").choices(completionShells).default("bash"))
    .action((shell: CompletionShell) => choose({ command: "completion", shell }));

  const demo = program
    .command("demo")
    .description("watch a whole run with a scripted model: no key and no network needed")
    .action(() => choose({ command: "demo", config, color: exec.color }));
  addConfigFlags(demo, config);
  demo.addOption(colorOption(exec));
  return program;
}

/** `login` has the flag as well, and takes it when it stands before `status`. */
function wantsJson(flags: { readonly json?: true }, command: Command): boolean {
  return flags.json === true || command.parent?.opts<{ json?: true }>().json === true;
}

interface LoginOptions {
  readonly deviceAuth?: true;
  readonly withApiKey?: true;
  readonly apiKey?: string;
  readonly json?: true;
  readonly experimental_issuer?: string;
  readonly experimental_clientId?: string;
}

function loginMethod(flags: LoginOptions): LoginMethod {
  if (flags.deviceAuth === true) return "device";
  if (flags.apiKey !== undefined) return "key_argument";
  return flags.withApiKey === true ? "api_key" : "browser";
}
