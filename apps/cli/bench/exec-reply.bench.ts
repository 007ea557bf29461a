import { message, respond, startScriptedModel } from "@codex-ts/scripted-model";
import { makeBenchHome, ourCommand } from "./codex-home.ts";

export const benchmark = {
  name: "exec-reply",
  question: "How long does a run with one scripted reply take, and how much memory?",
  async subjects({
    root,
    against,
  }: {
    readonly root: string;
    readonly against: string | undefined;
  }) {
    const model = await startScriptedModel({ script: [respond([message("All done here.")])] });
    model.unref();
    const binaries = [
      ...(against === undefined ? [] : [{ name: "against", command: [against] as const }]),
      { name: "codex-ts", command: ourCommand(root) },
    ];
    return binaries.map(({ name, command }) => {
      const { repository, env } = makeBenchHome(model.url);
      return {
        name: `${name} exec`,
        command: ["sh", "-c", 'exec "$@" </dev/null', "sh", ...command, "exec", "--json", "say hi"],
        cwd: repository,
        env,
      };
    });
  },
};
