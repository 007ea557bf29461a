// The page docs/features.md: every feature flag, from the registry.
import { featureAliases, featureSpecs, type FeatureSpec } from "../src/registry.ts";

function defaultOf(spec: FeatureSpec): string {
  const onWindows = featureSpecs("win32").find(({ key }) => key === spec.key);
  if (spec.defaultEnabled === onWindows?.defaultEnabled) return spec.defaultEnabled ? "on" : "off";
  return spec.defaultEnabled ? "on; off on Windows" : "off; on on Windows";
}

/** The page as Markdown. */
export function featuresPage(): string {
  const rows = featureSpecs("linux").map((spec) => {
    const names = Object.keys(featureAliases).filter((name) => featureAliases[name] === spec.key);
    const older = names.map((name) => `\`${name}\``).join(", ");
    const here = spec.complete ? "complete" : spec.implemented ? "yes" : "";
    return `| \`${spec.key}\` | ${spec.stage} | ${defaultOf(spec)} | ${here} | ${spec.purpose} | ${older} |\n`;
  });
  return `<!-- Written by \`pnpm run page\` in packages/features, from its registry. -->

# Features

Flags that switch parts of the product. \`codex-ts features list\` shows their state, \`codex-ts features enable NAME\` and \`disable NAME\` write it to your \`config.toml\`, \`--enable NAME\` and \`--disable NAME\` change it for one run; in the file they stand below \`[features]\` or \`[profiles.<name>.features]\`.

A feature under development is off unless you switch it on, and you are warned that it is incomplete (\`suppress_unstable_features_warning = true\` hides that). "Here": whether this version has it; of what is complete nobody is warned, whatever its stage. The other names are known, so that one file serves several programs; switching one of them on is answered with a notice that it has no effect. Older names work and are answered with the one to use.

\`code_mode_only\` switches \`code_mode\` on, \`enable_fanout\` switches \`multi_agent\` on, and \`js_repl_tools_only\` needs \`js_repl\`.

| name | stage | default | here | what it gates | older names |
| --- | --- | --- | --- | --- | --- |
${rows.join("")}`;
}
