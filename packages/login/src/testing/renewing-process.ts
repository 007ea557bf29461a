// A process of its own that uses the login of a home: renews it once for each line on standard input
// and answers with the refresh token's owner, the access token; or without end, until it is killed.
import { createInterface } from "node:readline";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { createAuthManager } from "../auth-manager.ts";

const [home = "", url = "", mode] = process.argv.slice(2);
const env = { CODEX_REFRESH_TOKEN_URL_OVERRIDE: url };
const manager = createAuthManager({ codexHome: fromAbsolute(home), env });

async function renew(): Promise<string> {
  try {
    await manager.refreshToken();
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  const auth = await manager.auth();
  return auth?.kind === "chatgpt" ? auth.accessToken.reveal() : "logged out";
}

await manager.auth();
process.stdout.write("ready\n");
if (mode === "endless") {
  for (;;) {
    const result = await renew();
    if (result.startsWith("failed")) process.stdout.write(`${result}\n`);
  }
}
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await renew()}\n`);
}
