// `codex-ts execpolicy …`: what rules files say of a command, the rules that hold, and one's own saved ones.
import {
  type CommandRequest,
  checkCommand,
  ExecPolicyError,
  formatPattern,
  formatRuleSource,
  isBannedPrefix,
  loadRulesFiles,
  type NetworkRule,
  type PrefixRule,
  removePrefixRules,
  type RuleSource,
  savePrefixRule,
} from "@codex-ts/exec-policy";
import { type AbsolutePath, fromAbsolute } from "@codex-ts/absolute-path";
import type { LoadedConfig } from "@codex-ts/config";
import { joinWords, splitWords } from "@codex-ts/shell-command";
import type { ExecPolicyInvocation } from "../execpolicy-grammar.ts";
import { Failure } from "../failure.ts";
import type { ConfigFlags } from "../flags.ts";
import { openConfig } from "../open-config.ts";
import { openRules } from "../open-rules.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";
import { textTable } from "./text-table.ts";

type InvocationOf<Name extends ExecPolicyInvocation["command"]> = Extract<
  ExecPolicyInvocation,
  { readonly command: Name }
>;

export async function runExecPolicy(
  invocation: ExecPolicyInvocation,
  terminal: Terminal,
): Promise<number> {
  try {
    switch (invocation.command) {
      case "execpolicy check":
        await check(invocation, terminal);
        break;
      case "execpolicy list":
        await list(invocation, terminal);
        break;
      case "execpolicy add":
        await add(invocation, terminal);
        break;
      case "execpolicy remove":
        await remove(invocation, terminal);
        break;
    }
    return 0;
  } catch (error) {
    if (error instanceof ExecPolicyError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

/** Prints one line of JSON; the exit code is 0 whatever the rules say. */
async function check(
  { rules, pretty, sources, resolveHostExecutables, words }: InvocationOf<"execpolicy check">,
  terminal: Terminal,
): Promise<void> {
  const paths = rules.map((path) => fromAbsolute(path, { cwd: terminal.cwd }));
  const policy = await loadRulesFiles(paths);
  const result = checkCommand(policy, words, { resolveHostExecutables, showSources: sources });
  terminal.stdout(`${JSON.stringify(result, undefined, pretty ? 2 : undefined)}\n`);
}

async function open(
  flags: ConfigFlags,
  terminal: Terminal,
): Promise<{ readonly loaded: LoadedConfig; readonly cwd: AbsolutePath }> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  const { loaded } = await openConfig(flags, terminal, cwd);
  return { loaded, cwd };
}

async function list(
  { config, json }: InvocationOf<"execpolicy list">,
  terminal: Terminal,
): Promise<void> {
  const { loaded } = await open(config, terminal);
  const { policy } = await openRules(loaded);
  const { prefixRules, requiredRules, networkRules, hostExecutables } = policy;
  const rules = [...requiredRules, ...prefixRules];
  if (json) {
    const report = {
      schema: 1,
      rules: rules.map(({ pattern, decision, justification, source }) => ({
        pattern,
        decision,
        justification,
        ...source,
      })),
      networkRules: networkRules.map(({ source, ...rule }) => ({ ...rule, ...source })),
      hostExecutables: Object.fromEntries(hostExecutables),
    };
    terminal.stdout(`${JSON.stringify(report)}\n`);
    return;
  }
  const short = shortener(terminal);
  const row = (
    { decision, source, justification }: PrefixRule | NetworkRule,
    what: string,
  ): readonly string[] => [
    decision,
    what,
    source.layer.includes("/") ? "project" : source.layer,
    short(formatRuleSource(source)),
    justification ?? "",
  ];
  const rows = [
    ...rules.map((rule) => row(rule, formatPattern(rule.pattern))),
    ...networkRules.map((rule) => row(rule, `${rule.protocol} ${rule.host}`)),
  ];
  const places = [...hostExecutables].map(
    ([name, paths]) => `\`${name}\` counts as that program at: ${paths.join(", ") || "no place"}\n`,
  );
  terminal.stdout(
    rows.length === 0
      ? "No rule speaks of any command here. `codex-ts execpolicy add WORD...` saves one.\n"
      : textTable(["DECISION", "BEGINS WITH", "LAYER", "WHERE", "WHY"], rows),
  );
  for (const place of places) terminal.stdout(place);
  if (networkRules.length > 0) {
    terminal.stderr(
      "Rules about hosts are read, and not enforced: there is no proxy yet to do it.\n",
    );
  }
}

async function add(
  { config, json, decision, justification, words }: InvocationOf<"execpolicy add">,
  terminal: Terminal,
): Promise<void> {
  const prefix = wordsOf(words);
  const line = joinWords(prefix);
  const { loaded, cwd } = await open(config, terminal);
  const rulebook = await openRules(loaded);
  const request: CommandRequest = {
    argv: prefix,
    cwd,
    approvalPolicy: "untrusted",
    sandboxPolicy: { type: "workspace-write" },
    sandboxPermissions: "use_default",
    trustedPrograms: [],
  };
  if (decision === "allow") {
    if (isBannedPrefix(prefix)) {
      throw new Failure(
        `\`${line}\` by itself would allow any command at all: name also what it may run`,
      );
    }
    if (!rulebook.covers(prefix, request)) {
      const judgement = rulebook.judge(request);
      const why = judgement.kind === "run" ? "it would not be held to it" : judgement.reason;
      throw new Failure(
        `a rule that allows \`${line}\` would change nothing: ${why ?? "a rule asks"}`,
      );
    }
  }
  const { codexHome } = loaded.config;
  const { source, isNew } = await savePrefixRule(codexHome, { prefix, decision, justification });
  if (json) {
    terminal.stdout(`${JSON.stringify({ schema: 1, prefix, decision, ...source, isNew })}\n`);
    return;
  }
  const place = shortener(terminal)(formatRuleSource(source));
  terminal.stdout(
    isNew
      ? `Commands that begin with \`${line}\` ${effects[decision]}: ${place}\n`
      : `That rule stands there already: ${place}\n`,
  );
}

const effects = {
  allow: "run unasked and outside the sandbox from the next session on",
  prompt: "are asked about from the next session on",
  forbidden: "are refused from the next session on",
} as const;

async function remove(
  { config, json, words }: InvocationOf<"execpolicy remove">,
  terminal: Terminal,
): Promise<void> {
  const prefix = wordsOf(words);
  const { loaded } = await open(config, terminal);
  const removed = await removePrefixRules(loaded.config.codexHome, prefix);
  const left = await othersFor(prefix, loaded);
  const short = shortener(terminal);
  const places = left.map((source) => short(formatRuleSource(source))).join(", ");
  if (removed.length === 0) {
    const line = joinWords(prefix);
    throw new Failure(
      left.length === 0
        ? `no rule is for exactly \`${line}\`; \`codex-ts execpolicy list\` shows all that hold here`
        : `the rules for \`${line}\` are not among the saved ones; change them where they stand: ${places}`,
    );
  }
  if (json) {
    const report = {
      schema: 1,
      removed: removed.map(({ source, text }) => ({ ...source, text })),
      left,
    };
    terminal.stdout(`${JSON.stringify(report)}\n`);
    return;
  }
  for (const { source, text } of removed) {
    terminal.stdout(`Removed from ${short(formatRuleSource(source))}: ${text}\n`);
  }
  if (left.length > 0) terminal.stdout(`Others for the same words still hold: ${places}\n`);
}

/** Where rules for exactly these words stand. */
async function othersFor(
  prefix: readonly string[],
  loaded: LoadedConfig,
): Promise<readonly RuleSource[]> {
  const { policy } = await openRules(loaded);
  const pattern = formatPattern(prefix.map((word) => [word]));
  return [...policy.requiredRules, ...policy.prefixRules]
    .filter((rule) => formatPattern(rule.pattern) === pattern)
    .map((rule) => rule.source);
}

/** The words of a rule: as given, or those of a single text. */
function wordsOf(words: readonly string[]): readonly string[] {
  const [only = ""] = words;
  if (words.length > 1 || !/\s/.test(only)) return words;
  const split = splitWords(only);
  if (split === null || split.length === 0) {
    throw new Failure(`${JSON.stringify(only)} cannot be split into words: a quote is open`, {
      exitCode: 2,
    });
  }
  return split;
}

function shortener(terminal: Terminal): (path: string) => string {
  const home = terminal.env["HOME"];
  return (path) =>
    home !== undefined && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
