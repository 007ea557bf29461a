import { spawn } from "node:child_process";
import { once } from "node:events";
import { functionCall, message, respond, startScriptedModel } from "@codex-ts/scripted-model";
import { makeBenchHome, ourCommand } from "./codex-home.ts";

const CALLS = 20;

/** The median over one run of the gaps between a response with a call of `true` and the next request. */
async function medianGap(
  command: readonly string[],
  sandbox: "danger-full-access" | "workspace-write",
): Promise<number> {
  await using model = await startScriptedModel({
    script: (_request, index) =>
      index < CALLS
        ? respond([
            functionCall({
              name: "exec_command",
              args: { cmd: "true", login: false },
              callId: `c${index}`,
            }),
          ])
        : respond([message("done")]),
  });
  const { repository, env } = makeBenchHome(model.url);
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, "exec", "--json", "-s", sandbox, "go"], {
    cwd: repository,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  const gaps = model.requests
    .slice(1)
    .map((request, index) => request.at - (model.repliedAt[index] ?? Number.NaN))
    .sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? Number.NaN;
}

export const benchmark = {
  name: "tool-gap",
  question: `How long is it from a response with a command to the next request? (median of ${CALLS})`,
  rounds: 5,
  subjects: ({ root, against }: { readonly root: string; readonly against: string | undefined }) =>
    (["danger-full-access", "workspace-write"] as const).flatMap((sandbox) => [
      ...(against === undefined
        ? []
        : [{ name: `against, ${sandbox}`, sample: () => medianGap([against], sandbox) }]),
      { name: `codex-ts, ${sandbox}`, sample: () => medianGap(ourCommand(root), sandbox) },
    ]),
};
