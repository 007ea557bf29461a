// Going on with a long session: everything from the start of the program to the end of one short turn.
import { message, respond, startScriptedModel } from "@codex-ts/scripted-model";
import { makeBenchHome, ourCommand } from "./codex-home.ts";
import { LONG_SESSION_ID, writeLongSession } from "./long-session.ts";

export const benchmark = {
  name: "resume-long",
  question:
    "Does going on with a session of 50 MB and 3,500 turns take at most half the time of the released program, and 0.8 of its memory?",
  rounds: 7,
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
      writeLongSession(env["CODEX_HOME"] ?? "", repository);
      return {
        name: `${name} exec resume`,
        command: [
          "sh",
          "-c",
          'exec "$@" </dev/null',
          "sh",
          ...command,
          "exec",
          "--json",
          "--skip-git-repo-check",
          "resume",
          LONG_SESSION_ID,
          "go on",
        ],
        cwd: repository,
        env,
      };
    });
  },
};
