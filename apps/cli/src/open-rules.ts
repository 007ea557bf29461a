// The rules files that this run's configuration brings, as the book that commands are judged by.
import { stat } from "node:fs/promises";
import { type AbsolutePath, join, parent } from "@codex-ts/absolute-path";
import type { LoadedConfig } from "@codex-ts/config";
import {
  createRulebook,
  ExecPolicyError,
  loadRules,
  parseRequirementRules,
  type PrefixRule,
  requireRules,
  type Rulebook,
} from "@codex-ts/exec-policy";
import { Failure } from "./failure.ts";

interface RulesFolder {
  readonly name: string;
  readonly folder: AbsolutePath;
}

/**
 * The rules of all `rules` folders. A rules file with a mistake stops the run: without it, what it
 * forbids would be allowed.
 *
 * @throws Failure with file, line and column of each mistake.
 */
export async function openRules(loaded: LoadedConfig): Promise<Rulebook> {
  const { codexHome, cwd, trustLevel, trustRoot } = loaded.config;
  // git obeys its repository's configuration, which may name programs to run.
  const trusted = trustLevel === "trusted" ? [cwd, trustRoot ?? cwd] : [];
  const layers = (await Promise.all(rulesFolders(loaded).map(withRules))).flat();
  try {
    const { policy, errors } = await loadRules(layers);
    if (errors.length > 0) {
      throw new Failure(
        `Error loading rules:\n${errors.map((error) => `  ${error.message}`).join("\n")}`,
      );
    }
    return createRulebook({
      policy: requireRules(policy, requiredRules(loaded)),
      codexHome,
      trustedFolders: trusted,
    });
  } catch (error) {
    if (error instanceof ExecPolicyError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

/** What an administrator requires. */
function requiredRules({ config }: LoadedConfig): readonly PrefixRule[] {
  const { requiredCommandRules: required } = config;
  if (required === undefined) return [];
  const { table, source: file, lines } = required;
  return parseRequirementRules(table, { layer: "requirements", file, lines });
}

/** Lowest precedence first, without what is switched off or not trusted. */
function rulesFolders({ layers }: LoadedConfig): readonly RulesFolder[] {
  return layers.flatMap(({ name, disabledReason, trust }): readonly RulesFolder[] => {
    if (disabledReason !== undefined) return [];
    switch (name.type) {
      case "system":
      case "user": {
        const folder = parent(name.file);
        return folder === null ? [] : [{ name: name.type, folder }];
      }
      case "project":
        return trust === "trusted"
          ? [{ name: name.dotCodexFolder, folder: name.dotCodexFolder }]
          : [];
      default:
        return [];
    }
  });
}

async function withRules(layer: RulesFolder): Promise<readonly RulesFolder[]> {
  const found = await stat(join(layer.folder, "rules")).catch(() => null);
  return found?.isDirectory() === true ? [layer] : [];
}
