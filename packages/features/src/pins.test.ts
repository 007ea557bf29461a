import { describe, expect, test } from "vitest";
import { FeaturePinError, featuresFromSources } from "./index.ts";

const platform = "linux";

describe("pinned features", () => {
  test("hold against every source and every later change", () => {
    const { features } = featuresFromSources({
      base: { features: { undo: true } },
      overrides: { features: { unified_exec: true } },
      pins: { undo: false, unified_exec: false },
      platform,
    });
    const later = features.with({ undo: true, code_mode: true });
    expect([
      later.enabled("undo"),
      later.enabled("unified_exec"),
      later.enabled("code_mode"),
    ]).toEqual([false, false, true]);
  });

  test("what depends on a pinned feature follows", () => {
    const { features } = featuresFromSources({ pins: { code_mode_only: true }, platform });
    expect(features.enabled("code_mode")).toBe(true);
  });

  test("a dependency that breaks a pin is an error, at once and on a later change", () => {
    const pins = { code_mode: false } as const;
    const sources = { base: { features: { code_mode_only: true } }, pins, platform } as const;
    expect(() => featuresFromSources(sources)).toThrow(FeaturePinError);
    const { features } = featuresFromSources({ pins, platform });
    expect(() => features.with({ code_mode_only: true })).toThrow(
      expect.objectContaining({ code: "pin_broken", feature: "code_mode" }),
    );
  });
});
