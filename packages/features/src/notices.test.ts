import { describe, expect, test } from "vitest";
import {
  featuresFromSources,
  legacyFeatureNotices,
  missingFeatureNotices,
  underDevelopmentWarning,
} from "./index.ts";

const fromBase = (features: Record<string, boolean>) => featuresFromSources({ base: { features } });

describe("notices for older names", () => {
  test.each([true, false])("an alias set to %s gives one notice with the way out", (value) => {
    const [notice, ...rest] = legacyFeatureNotices(
      fromBase({ experimental_use_unified_exec_tool: value }),
    );
    expect(rest).toEqual([]);
    expect(notice).toEqual({
      summary:
        "`[features].experimental_use_unified_exec_tool` is deprecated; use `[features].unified_exec`.",
      details:
        "Switch it on with `--enable unified_exec` or with `[features].unified_exec` in config.toml. See https://developers.openai.com/codex/config-basic#feature-flags.",
    });
  });

  test("a loose switch is named as it stands in the file", () => {
    const resolved = featuresFromSources({ base: { include_apply_patch_tool: true } });
    expect(legacyFeatureNotices(resolved).map(({ summary }) => summary)).toEqual([
      "`include_apply_patch_tool` is deprecated; use `[features].apply_patch_freeform`.",
    ]);
  });

  test.each(["web_search", "web_search_request", "web_search_cached"])(
    "%s, on or off, points to the web_search setting",
    (key) => {
      for (const value of [true, false]) {
        expect(legacyFeatureNotices(fromBase({ [key]: value }))).toEqual([
          {
            summary: `\`[features].${key}\` is deprecated: web search has a setting of its own and is on by default.`,
            details:
              'Set `web_search` to "live", "cached" or "disabled", at the top level of config.toml or in a profile.',
          },
        ]);
      }
    },
  );

  test("a canonical key gives no notice", () => {
    expect(legacyFeatureNotices(fromBase({ unified_exec: true }))).toEqual([]);
  });
});

describe("the warning for unfinished features", () => {
  const configPath = "/home/kim/.codex/config.toml";

  test("names what is under development, and only that, with the switch and the file", () => {
    const resolved = fromBase({ runtime_metrics: true, personality: true, unknown: true });
    expect(underDevelopmentWarning(resolved, { configPath })).toBe(
      "Under-development features enabled: runtime_metrics. They are incomplete and may change or fail. To hide this warning, set `suppress_unstable_features_warning = true` in /home/kim/.codex/config.toml.",
    );
  });

  test("counts aliases, profiles and what other features bring with them", () => {
    const resolved = featuresFromSources({
      base: { features: { memory_tool: true } },
      profile: { features: { code_mode_only: true } },
    });
    expect(underDevelopmentWarning(resolved, { configPath })).toContain(
      "enabled: code_mode, code_mode_only, memories.",
    );
  });

  test("passes over what is complete here", () => {
    expect(
      underDevelopmentWarning(fromBase({ codex_hooks: true }), { configPath }),
    ).toBeUndefined();
  });

  test("is silent when suppressed, and when nothing of the kind is on", () => {
    const resolved = fromBase({ runtime_metrics: true });
    expect(underDevelopmentWarning(resolved, { configPath, suppress: true })).toBeUndefined();
    expect(underDevelopmentWarning(fromBase({}), { configPath })).toBeUndefined();
  });
});

describe("notices for features that do not exist here", () => {
  test("switching one on says plainly that it has no effect", () => {
    expect(missingFeatureNotices(fromBase({ js_repl: true }))).toEqual([
      {
        feature: "js_repl",
        message:
          "The feature `js_repl` is switched on, but this version does not have it, so the setting has no effect. (A JavaScript session that the model can use.)",
      },
    ]);
  });

  test("there is none for defaults, for what is switched off, for what exists, and for removed ones", () => {
    const resolved = fromBase({ apps: false, unified_exec: true, steer: true });
    expect(missingFeatureNotices(resolved)).toEqual([]);
  });
});
