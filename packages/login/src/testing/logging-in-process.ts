// A process of its own that logs in with a key or tokens, or out.
import { fromAbsolute } from "@codex-ts/absolute-path";
import { createAuthManager } from "../auth-manager.ts";

const [home = "", what, value = ""] = process.argv.slice(2);
await using manager = createAuthManager({ codexHome: fromAbsolute(home), env: {} });
const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
if (what === "key") await manager.loginWithApiKey(value);
if (what === "tokens") {
  const claims = { "https://api.openai.com/auth": { chatgpt_account_id: value } };
  const idToken = `${encode({ alg: "none" })}.${encode(claims)}.sig`;
  await manager.loginWithTokens({
    idToken,
    accessToken: "opaque",
    refreshToken: "r",
    apiKey: null,
  });
}
if (what === "logout") await manager.logout({ revoke: false });
