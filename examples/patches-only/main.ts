// Edits files with the patch language that models write: check first, then apply, all or nothing.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fromAbsolute, join } from "@codex-ts/absolute-path";
import {
  applyPlan,
  localFiles,
  parsePatch,
  PatchApplyError,
  planPatch,
} from "@codex-ts/apply-patch";

const folder = fromAbsolute(await mkdtemp(`${tmpdir()}/patches-only-`));
const server = join(folder, "server.ts");
await writeFile(server, "const port = 80;\nlisten(port);\n");

async function apply(text: string): Promise<void> {
  const plan = await planPatch(parsePatch(text), folder, localFiles());
  for (const [path, change] of plan.changes) console.log(`${change.type} ${path}`);
  await applyPlan(plan);
}

await apply(`*** Begin Patch
*** Update File: server.ts
@@
-const port = 80;
+const port = 8080;
*** Add File: README.md
+# The server
*** End Patch`);
assert.equal(await readFile(server, "utf8"), "const port = 8080;\nlisten(port);\n");

// The second file does not fit, so the first one is left alone as well.
const wrong = apply(`*** Begin Patch
*** Update File: README.md
@@
-# The server
+# Our server
*** Update File: server.ts
@@
-const host = "localhost";
+const host = "example.com";
*** End Patch`);
await assert.rejects(wrong, (error) => {
  assert.ok(error instanceof PatchApplyError);
  console.log(`refused: ${error.message.split("\n")[0]}`);
  return true;
});
assert.equal(await readFile(join(folder, "README.md"), "utf8"), "# The server\n");

await rm(folder, { recursive: true });
