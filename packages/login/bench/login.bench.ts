// What a login costs those who use it: asking for it, looking into the store, loading the package.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { type AuthManager, createAuthManager } from "../src/index.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encode({ alg: "none" })}.${encode(claims)}.sig`;

async function manager(scratch: string, monotonicNow?: () => number): Promise<AuthManager> {
  const home = await mkdtemp(join(scratch, "home-"));
  const account = { "https://api.openai.com/auth": { chatgpt_account_id: "ws-42" } };
  const tokens = {
    id_token: jwt({ email: "kim@test", ...account }),
    // As long as a real one, which every request would have to read again.
    access_token: jwt({ exp: 4_102_444_800, padding: "x".repeat(1500), ...account }),
    refresh_token: "rt-1",
    account_id: "ws-42",
  };
  await writeFile(join(home, "auth.json"), JSON.stringify({ auth_mode: "chatgpt", tokens }));
  const made = createAuthManager({ codexHome: fromAbsolute(home), env: {}, monotonicNow });
  await made.auth();
  return made;
}

const load = promisify(execFile);

/** Milliseconds that importing a module takes in a process of its own. */
async function importTime(url: string): Promise<number> {
  const code = `const start = performance.now(); await import(${JSON.stringify(url)}); console.log(performance.now() - start)`;
  const { stdout } = await load(process.execPath, ["--input-type=module", "-e", code]);
  return Number(stdout);
}

export const benchmark = {
  name: "login",
  question: "What do a login at hand, a look into the store and the package itself cost?",
  async subjects({ root, scratch }: { readonly root: string; readonly scratch: string }) {
    const [fresh, looking, reloading] = await Promise.all([
      manager(scratch, () => 0),
      // Each call finds that half a second has gone by.
      manager(
        scratch,
        (() => {
          let now = 0;
          return () => (now += 500);
        })(),
      ),
      manager(scratch),
    ]);
    const built = join(root, "packages/login/dist/index.js");
    if (!existsSync(built)) throw new Error("build the packages first: pnpm build");
    return [
      { name: "auth() of a login at hand", repeat: 10_000, run: async () => await fresh.auth() },
      {
        name: "auth() that looks at the store",
        repeat: 200,
        run: async () => await looking.auth(),
      },
      { name: "guarded reload", repeat: 100, run: async () => await reloading.guardedReload() },
      {
        name: "import of the package",
        sample: async () => await importTime(pathToFileURL(built).href),
      },
      {
        name: "import of node:fs/promises",
        sample: async () => await importTime("node:fs/promises"),
      },
    ];
  },
};
