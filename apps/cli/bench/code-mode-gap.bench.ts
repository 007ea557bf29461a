import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import {
  customToolCall,
  functionCall,
  message,
  respond,
  startScriptedModel,
} from "@codex-ts/scripted-model";
import { makeBenchHome, ourCommand } from "./codex-home.ts";

const plan = { plan: [{ step: "a", status: "pending" }] };
const script = (input: string, callId: string) => customToolCall({ name: "exec", input, callId });

/** What the model asks for, in turn; each is measured by the gap until the next request. */
const calls = {
  "a direct call": (id: string) => functionCall({ name: "update_plan", args: plan, callId: id }),
  "exec of one line": (id: string) => script("text(1);", id),
  "exec with a nested call": (id: string) =>
    script(`text(await tools.update_plan(${JSON.stringify(plan)}));`, id),
} as const;
type Kind = keyof typeof calls;
const kinds = Object.keys(calls) as readonly Kind[];

/** Not counted: the engine and the program's own code are cold. */
const warmUp = 3;

/** One turn: the gaps in ms between a response and the next request, by what the response asked for. */
async function gapsOfTurn(
  command: readonly string[],
  each: number,
): Promise<Readonly<Record<Kind, readonly number[]>>> {
  const order = Array.from({ length: (each + warmUp) * kinds.length }, (_, index) => {
    const round = Math.floor(index / kinds.length);
    return kinds[(index + round) % kinds.length] as Kind;
  });
  await using model = await startScriptedModel({
    script: (_request, index) => {
      const kind = order[index];
      return respond([kind === undefined ? message("done") : calls[kind](`c${index}`)]);
    },
  });
  const { repository, env } = makeBenchHome(model.url);
  const [program = "", ...args] = command;
  const flags = ["exec", "--json", "--enable", "code_mode", "-s", "danger-full-access", "go"];
  const child = spawn(program, [...args, ...flags], {
    cwd: repository,
    // Other builds want a Node of this version in the path for their code mode.
    env: { ...env, PATH: `${dirname(process.execPath)}:${env["PATH"]}` },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  const gaps = model.requests
    .slice(1)
    .map((request, index) => request.at - (model.repliedAt[index] ?? Number.NaN));
  const of = (kind: Kind) =>
    gaps.filter((_, index) => order[index] === kind && index >= warmUp * kinds.length);
  return Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) as Record<Kind, number[]>;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

interface Context {
  readonly root: string;
  readonly against: string | undefined;
  readonly flags: { readonly turns: number; readonly calls: number };
}

export const benchmark = {
  name: "code-mode-gap",
  question:
    "How much longer than after a direct call does it take from an exec to the next request?",
  flags: {
    turns: { kind: "count", default: 5, least: 1, help: "runs of each program, in turns" },
    calls: { kind: "count", default: 30, least: 1, help: "calls of each kind in a turn" },
  },
  async report({ root, against, flags }: Context) {
    const programs = [
      { name: "codex-ts", command: ourCommand(root) },
      ...(against === undefined ? [] : [{ name: "against", command: [against] }]),
    ];
    const rows: { program: string; kind: string; gap: number; over: number }[] = [];
    const taken = new Map(programs.map(({ name }) => [name, [] as Record<Kind, number>[]]));
    for (let turn = 0; turn < flags.turns; turn += 1) {
      for (const { name, command } of programs) {
        const gaps = await gapsOfTurn(command, flags.calls);
        taken
          .get(name)
          ?.push(
            Object.fromEntries(kinds.map((kind) => [kind, median(gaps[kind])])) as Record<
              Kind,
              number
            >,
          );
      }
    }
    for (const [program, turns] of taken) {
      for (const kind of kinds) {
        const gap = median(turns.map((turn) => turn[kind]));
        const over = median(turns.map((turn) => turn[kind] - turn["a direct call"]));
        rows.push({ program, kind, gap, over });
      }
    }
    const text = rows
      .map(
        ({ program, kind, gap, over }) =>
          `${program.padEnd(10)}${kind.padEnd(26)}${gap.toFixed(2).padStart(8)} ms${over.toFixed(2).padStart(8)} ms over a direct call`,
      )
      .join("\n");
    return { text, data: rows };
  },
};
