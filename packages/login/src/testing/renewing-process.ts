// A process of its own that uses the login of a home: for each line on standard input, `auth` or
// `renew`, it answers with the access token that it has then; or renews without end, until it is killed.
import { createInterface } from "node:readline";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { createHttpTransport } from "@codex-ts/http-client";
import { createAuthManager } from "../auth-manager.ts";

const [home = "", url = "", mode] = process.argv.slice(2);
const manager = createAuthManager({
  codexHome: fromAbsolute(home),
  env: { CODEX_REFRESH_TOKEN_URL_OVERRIDE: url },
  // As if no time went by: then it sees nothing of the file but what renewing looks at.
  ...(mode === "stale" ? { monotonicNow: () => 0 } : {}),
  // A transport of its own does not cross to another process.
  ...(mode === "here" ? { transport: createHttpTransport({ env: {} }) } : {}),
});

async function run(what: string): Promise<string> {
  try {
    if (what === "renew") await manager.refreshToken();
    const auth = await manager.auth();
    return auth?.kind === "chatgpt" ? auth.accessToken.reveal() : "logged out";
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

await manager.peek();
process.stdout.write("ready\n");
if (mode === "endless") {
  for (;;) {
    const result = await run("renew");
    if (result.startsWith("failed")) process.stdout.write(`${result}\n`);
  }
}
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await run(line)}\n`);
}
