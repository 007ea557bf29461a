import type { Dialect } from "./dialect.ts";
import { hookEventNames } from "./events.ts";

/** The contract itself: nothing is mapped. */
export const codexDialect: Dialect = {
  name: "codex",
  events: Object.fromEntries(hookEventNames.map((name) => [name, name])),
  refusedEvents: {},
  otherKeys: ["imports"],
  timeoutUnitMs: 1000,
  defaultTimeoutMs: 600_000,
  pattern: (matcher) => matcher,
  toolNames: (toolName) => [toolName],
  refusedField: (handler) => (handler["async"] === true ? "`async` hooks are not supported" : null),
  encodeInput: (input) => input,
  environment: () => ({}),
  decodeOutput: (_event, value) => ({ ok: true, value, notes: [] }),
  toleratesStopText: false,
};
