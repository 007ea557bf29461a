// What both rules do at each call: find the arguments, their comments and the names they are for.
import type { TSESLint, TSESTree } from "@typescript-eslint/utils";
import type ts from "typescript";
import { type ArgumentComment, argumentComment, type Call } from "./argument-comment.ts";
import { createFirstParty, type FirstParty } from "./first-party.ts";
import { parameterNames } from "./parameter-names.ts";

/** What the rules need of the types of a program; typescript-eslint's parser services have it. */
interface TypeServices {
  readonly program: ts.Program;
  readonly esTreeNodeToTSNodeMap: { get(node: TSESTree.Node): ts.Node };
}

export interface NamedArgument {
  readonly node: TSESTree.Node;
  readonly call: Call;
  readonly comment: ArgumentComment | null;
  /** The parameter's name. */
  readonly name: string;
}

type Context = Readonly<TSESLint.RuleContext<string, readonly unknown[]>>;

/**
 * Calls `check` with the arguments of first-party calls that have a name to carry. `relevant` says,
 * before any type is asked for, whether an argument can matter at all.
 */
export function forNamedArguments(
  context: Context,
  options: { readonly workspacePackages?: readonly string[] | undefined },
  relevant: (argument: TSESTree.Node, comment: ArgumentComment | null, call: Call) => boolean,
  check: (argument: NamedArgument) => void,
): TSESLint.RuleListener {
  const source = context.sourceCode;
  if (/\.d\.[cm]?ts$/.test(context.filename) || isGenerated(source)) return {};
  const services = typeServices(context);
  const firstParty = firstPartyOf(context.cwd, options.workspacePackages);
  const visit = (call: Call): void => {
    const spread = call.arguments.findIndex(({ type }) => type === "SpreadElement");
    // After a spread nobody knows the positions.
    const counted = spread === -1 ? call.arguments : call.arguments.slice(0, spread);
    const candidates = counted.flatMap((node, index) => {
      const comment = argumentComment(node, call, source);
      return relevant(node, comment, call) ? [{ node, comment, index }] : [];
    });
    if (candidates.length === 0) return;
    const node = services.esTreeNodeToTSNodeMap.get(call) as ts.CallExpression | ts.NewExpression;
    const names = parameterNames(node, call.type, services.program, firstParty);
    if (names === null) return;
    for (const { node, comment, index } of candidates) {
      const name = names[index];
      if (name !== undefined) check({ node, call, comment, name });
    }
  };
  return { CallExpression: visit, NewExpression: visit };
}

function typeServices(context: Context): TypeServices {
  const services = context.sourceCode.parserServices as Partial<TypeServices> | undefined;
  if (services?.program === undefined || services.program === null) {
    throw new Error(
      `argument-comment needs types for ${context.filename}: parse with @typescript-eslint/parser and set parserOptions.projectService (or project)`,
    );
  }
  return services as TypeServices;
}

function isGenerated(source: Readonly<TSESLint.SourceCode>): boolean {
  return source.getAllComments().some(({ value }) => /(^|\s)@generated\b/.test(value));
}

/** One for a folder and its options: the rules run once per file. */
const firstParties = new Map<string, FirstParty>();

function firstPartyOf(cwd: string, workspacePackages: readonly string[] | undefined): FirstParty {
  const key = JSON.stringify([cwd, workspacePackages]);
  const known = firstParties.get(key) ?? createFirstParty({ cwd, workspacePackages });
  firstParties.set(key, known);
  return known;
}
