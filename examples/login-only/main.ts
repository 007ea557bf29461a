// The person's login for a program of its own: stored safely, read anew when another process changes it.
import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fromAbsolute, join } from "@codex-ts/absolute-path";
import { createAuthManager } from "@codex-ts/login";

const codexHome = fromAbsolute(await mkdtemp(`${tmpdir()}/login-only-`));
await using ours = createAuthManager({ codexHome, env: {} });
assert.deepEqual(await ours.status(), { kind: "logged_out" });

await ours.loginWithApiKey("sk-example-1234567890ABCDE");
console.log(await ours.status());
if (process.platform !== "win32") {
  const { mode } = await stat(join(codexHome, "auth.json"));
  assert.equal((mode & 0o777).toString(8), "600");
}

// What another process does is seen; here a second manager plays that process.
{
  await using theirs = createAuthManager({ codexHome, env: {} });
  assert.equal(await theirs.logout(), true);
}
const deadline = Date.now() + 5000;
while ((await ours.status()).kind !== "logged_out") {
  assert.ok(Date.now() < deadline, "the logout was not seen");
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log("logged out by somebody else");
await rm(codexHome, { recursive: true });
