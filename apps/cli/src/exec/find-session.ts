// Which session `exec resume` goes on with.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { parseThreadId } from "@codex-ts/protocol";
import { findThreadByName, findThreadPath, latestThreadForCwd } from "@codex-ts/rollout";
import type { Engine } from "../engine.ts";
import { Failure } from "../failure.ts";

export interface SessionChoice {
  readonly session: string | undefined;
  readonly last: boolean;
  readonly all: boolean;
}

/** The session file. @throws Failure naming what was looked for. */
export async function findSession(
  engine: Engine,
  choice: SessionChoice,
  cwd: AbsolutePath,
): Promise<AbsolutePath> {
  const { codexHome } = engine.config;
  if (choice.session !== undefined) {
    const id = parseThreadId(choice.session);
    const path =
      id === null
        ? await findThreadByName(codexHome, choice.session, choice.all ? undefined : cwd)
        : await findThreadPath(codexHome, id);
    if (path !== null) return path;
    throw new Failure(
      id === null
        ? `no session of this folder has the name ${JSON.stringify(choice.session)}; add --all to look in all folders`
        : `no session has the id ${id}; no rollout found for thread id ${id} below ${codexHome}`,
    );
  }
  if (!choice.last) {
    throw new Failure("which session? Give its id or name, or --last for the newest one here", {
      exitCode: 2,
    });
  }
  const path = await latestThreadForCwd(codexHome, {
    provider: engine.config.modelProviderId,
    cwd: choice.all ? undefined : cwd,
  });
  if (path !== null) return path;
  throw new Failure(
    choice.all
      ? `there is no session of the model provider ${engine.config.modelProviderId} yet`
      : `there is no session in ${cwd} yet; add --all to look in all folders`,
  );
}
