// The ESLint configuration of the runner: both rules, and one compiled program per tsconfig.
import * as parser from "@typescript-eslint/parser";
import ts from "typescript";
import { plugin } from "./plugin.ts";
import { parsedConfig } from "./workspace.ts";

export interface LintPlan {
  /** The tsconfigs that cover the files, the one that decides first. */
  readonly projects: readonly string[];
  readonly severity: "error" | "warn" | "off";
  /** Files will change under the parser's hands, so it must compile as they do. */
  readonly fix: boolean;
}

/** Makes the configuration; compiles the programs of the plan, which takes seconds. */
export function lintConfig(plan: LintPlan): readonly object[] {
  return [
    {
      files: ["**/*.{ts,tsx,mts,cts}"],
      plugins: { "argument-comment": plugin },
      languageOptions: {
        parser,
        parserOptions: plan.fix
          ? { project: plan.projects }
          : { programs: plan.projects.map(compile) },
      },
      // Comments for other linters are not ours to judge.
      linterOptions: { reportUnusedDisableDirectives: "off" },
      rules: {
        "argument-comment/mismatch": plan.severity,
        "argument-comment/uncommented-literal": plan.severity,
      },
    },
  ];
}

function compile(path: string): ts.Program {
  const { fileNames, options } = parsedConfig(path);
  return ts.createProgram(fileNames, { ...options, noEmit: true });
}
