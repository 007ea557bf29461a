// The text of src/settings-shape.ts.
import { configTomlSchema } from "../src/schemas.ts";
import { shapeOfSchema } from "./shape-of-schema.ts";

/** One line a top-level key, so that the file shows what changed. */
export function settingsShapeModule(): string {
  const shape = shapeOfSchema(configTomlSchema);
  if (typeof shape !== "object" || !("keys" in shape)) throw new Error("config.toml is a table");
  const lines = Object.entries(shape.keys).map(
    ([key, value]) => `  ${key}: ${JSON.stringify(value)},\n`,
  );
  return `// Written by scripts/write-schema.ts from the schemas; see shape.ts.
import type { Shape } from "./shape.ts";

// oxfmt-ignore
const keys = {
${lines.join("")}} as const satisfies Readonly<Record<string, Shape>>;

/** The shape of config.toml. */
export const settingsShape: Shape = { keys };

/** The keys that count in a profile. */
export const profileKeys: ReadonlySet<string> = new Set(Object.keys(keys.profiles.entries.keys));
`;
}
