import { generateScripts } from "../src/command-lines.fixture.ts";
import { harmlessOf, runHarmless } from "../src/harmless-runs.fixture.ts";

export const benchmark = {
  name: "harmless-commands",
  question: "Does any command line that is judged to be harmless write, delete or use the network?",
  flags: {
    scripts: { kind: "count", default: 10_000, least: 1, help: "so many are generated" },
    seed: { kind: "count", default: 1, help: "another number makes other ones" },
  },
  async report({
    flags,
  }: {
    readonly flags: Readonly<Record<string, number | readonly number[] | boolean>>;
  }) {
    const generated = generateScripts(Number(flags["scripts"]), Number(flags["seed"]));
    const harmless = harmlessOf(generated);
    const { bare, denied } = await runHarmless(harmless);
    const changed = bare.filter((run) => run.changed);
    const connected = bare.filter((run) => run.connected);
    const different = bare.filter(({ code, stdout, stderr }, index) => {
      const other = denied[index];
      return code !== other?.code || stdout !== other.stdout || stderr !== other.stderr;
    });
    const counted = (label: string, runs: typeof bare): readonly string[] => [
      `${label.padEnd(44)}${String(runs.length).padStart(6)}`,
      ...runs.map(({ script }) => `  ${JSON.stringify(script)}`),
    ];
    const text = [
      `${"command lines generated".padEnd(44)}${String(generated.length).padStart(6)}`,
      `${"judged harmless, and run".padEnd(44)}${String(bare.length).padStart(6)}`,
      ...counted("changed a file when run bare", changed),
      ...counted("used the network when run bare", connected),
      ...counted("came to something else with all denied", different),
    ].join("\n");
    return { text, data: { generated: generated.length, bare, denied } };
  },
};
