export { allowPrefix, generalPrefix, isBannedPrefix, listAllowedPrefixes } from "./amendments.ts";
export {
  checkCommand,
  type CheckedMatch,
  type CheckOptions,
  type CheckResult,
  type PrefixRuleMatchJson,
} from "./check-command.ts";
export {
  type Amendment,
  type CommandJudgement,
  type CommandMatch,
  type CommandPolicyOptions,
  type DecisionTrace,
  judgeCommand,
} from "./command-policy.ts";
export {
  type ApprovalPolicy,
  type CommandRequest,
  type HeuristicReason,
} from "./fallback-decision.ts";
export { ExecPolicyError, type ExecPolicyErrorCode, RuleError } from "./exec-policy-error.ts";
export {
  type LoadedRules,
  loadRules,
  loadRulesFiles,
  type LoadRulesOptions,
  type RulesLayer,
} from "./load-rules.ts";
export {
  evaluate,
  type Evaluation,
  type FallbackOptions,
  type HeuristicMatch,
  matchCommand,
  type MatchOptions,
  type PrefixMatch,
} from "./match-command.ts";
export { parseRules, type ParseRulesOptions } from "./parse-rules.ts";
export {
  type BrokenRules,
  createPolicy,
  type Decision,
  emptyRuleSet,
  formatPattern,
  formatRuleSource,
  type NetworkProtocol,
  type NetworkRule,
  overlayRules,
  requireRules,
  type Policy,
  type PrefixRule,
  type RuleSet,
  type RuleSource,
} from "./policy.ts";
export {
  type AllowedPrefix,
  createRulebook,
  type Rulebook,
  type RulebookOptions,
} from "./rulebook.ts";
export { parseRequirementRules, type RequirementSource } from "./requirement-rules.ts";
export {
  type NewPrefixRule,
  type RemovedRule,
  removePrefixRules,
  saveAllowedPrefix,
  type SavedRule,
  savePrefixRule,
  type SaveOptions,
} from "./save-rule.ts";
