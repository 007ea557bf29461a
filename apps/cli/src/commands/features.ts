// `codex-ts features list`: every feature flag, its stage, and whether it is on.
import { featureListRows, formatFeatureList } from "@codex-ts/features";
import { openConfig } from "../engine.ts";
import type { ConfigFlags } from "../flags.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";

export async function runFeaturesList(
  { config: flags }: { readonly config: ConfigFlags },
  terminal: Terminal,
): Promise<number> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  const { config } = await openConfig(flags, terminal, cwd);
  terminal.stdout(formatFeatureList(featureListRows(config.features)));
  return 0;
}
