// Lifecycle hooks in a program of its own: a deployment bot that asks its owner's scripts before it acts.
import assert from "node:assert/strict";
import { createHooks, discoverHooks, functionHook } from "@codex-ts/hooks";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromAbsolute } from "@codex-ts/absolute-path";

const folder = fromAbsolute(await mkdtemp(join(tmpdir(), "hooks-only-")));
await writeFile(
  join(folder, "hooks.json"),
  JSON.stringify({
    hooks: {
      PreToolUse: [
        {
          matcher: "^deploy$",
          hooks: [
            {
              type: "command",
              command: `grep -q production && { echo "not on a Friday" >&2; exit 2; } || exit 0`,
            },
          ],
        },
      ],
    },
  }),
);

const { handlers, warnings } = await discoverHooks({ layers: [{ kind: "user", folder }] });
assert.deepEqual(warnings, []);
const seen: string[] = [];
const audit = functionHook("PreToolUse", {
  name: "audit",
  run: ({ tool_input }) => {
    seen.push(JSON.stringify(tool_input));
    return null;
  },
});
await using hooks = createHooks({ handlers: [...handlers, audit] });

/** Deploys, unless a hook objects. */
async function deploy(stage: string): Promise<string> {
  const { block } = await hooks.run("PreToolUse", {
    session_id: "bot",
    turn_id: "1",
    transcript_path: null,
    cwd: folder,
    model: "none",
    permission_mode: "default",
    tool_name: "deploy",
    tool_input: { stage },
    tool_use_id: `deploy-${stage}`,
  });
  return block === null ? `deployed to ${stage}` : `kept back: ${block.reason}`;
}

console.log(await deploy("staging"));
console.log(await deploy("production"));
assert.equal(await deploy("staging"), "deployed to staging");
assert.equal(await deploy("production"), "kept back: not on a Friday");
assert.equal(seen.length, 4);
await rm(folder, { recursive: true });
