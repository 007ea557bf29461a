// An issuer of ChatGPT logins whose answers a test can script, for what the issuer of test-support, a
// real one, cannot be made to do: errors, lost keys, a clock of the test's own.
import { createHash, randomBytes } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from "jose";
import type { AuthDotJson } from "../auth-dot-json.ts";

export interface IssuerOptions {
  /** How long access tokens last, in seconds; an hour by default, and less than zero for none at all. */
  readonly lifetimeSeconds?: number | undefined;
  readonly now?: (() => Date) | undefined;
}

export interface Person {
  readonly email: string;
  readonly accountId: string | null;
  /** Further claims in the id token's `https://api.openai.com/auth`. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

export interface SeenRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export interface Issuer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** Renewals that were granted. */
  readonly renewals: number;
  /** Who logs in at the next authorization. */
  person: Person;
  /** What an id token can be exchanged for. */
  apiKey: string | null;
  /** Whether it publishes the keys that its id tokens are signed with. */
  keys: "published" | "hidden" | "wrong";
  /** The stored record of a login that was made earlier. */
  login(person?: Person): Promise<AuthDotJson>;
  /** Whether a refresh token would be taken. */
  accepts(refreshToken: string): boolean;
  /** Answers the next requests to a path; what is not scripted is answered by the rules. */
  script(path: string, ...answers: readonly ScriptedAnswer[]): void;
}

interface Session {
  readonly person: Person;
  current: string;
  revoked: boolean;
}

interface Authorization {
  readonly person: Person;
  readonly challenge: string;
  readonly redirectUri: string;
}

const random = () => randomBytes(16).toString("base64url");
const challengeOf = (verifier: string) => createHash("sha256").update(verifier).digest("base64url");

export async function startIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  const { lifetimeSeconds = 3600, now = () => new Date() } = options;
  const [keys, otherKeys] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  const jwk = async (key: CryptoKey) => ({ ...(await exportJWK(key)), kid: "k1", alg: "ES256" });
  const sessions = new Map<string, Session>();
  const codes = new Map<string, Authorization>();
  const scripts = new Map<string, ScriptedAnswer[]>();
  const requests: SeenRequest[] = [];
  let renewals = 0;

  async function sign(claims: Record<string, unknown>, exp: number): Promise<string> {
    return await new SignJWT({ ...claims, jti: random() })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setExpirationTime(exp)
      .sign(keys.privateKey);
  }

  async function tokensOf(session: Session) {
    const { email, accountId, claims } = session.person;
    const auth = {
      chatgpt_plan_type: "pro",
      ...(accountId === null ? {} : { chatgpt_account_id: accountId }),
      ...claims,
    };
    const exp = Math.floor(now().getTime() / 1000) + lifetimeSeconds;
    const named = { email, "https://api.openai.com/auth": auth };
    session.current = `rt-${random()}`;
    sessions.set(session.current, session);
    return {
      id_token: await sign(named, exp),
      access_token: await sign({ "https://api.openai.com/auth": auth }, exp),
      refresh_token: session.current,
    };
  }

  const newSession = (person: Person): Session => ({
    person,
    current: "",
    revoked: false,
  });

  async function renew(refreshToken: string): Promise<ScriptedAnswer> {
    const session = sessions.get(refreshToken);
    if (session === undefined) return refused("refresh_token_invalidated");
    if (session.revoked) return refused("refresh_token_invalidated");
    if (session.current !== refreshToken) {
      session.revoked = true;
      return refused("refresh_token_reused");
    }
    renewals += 1;
    return { status: 200, body: await tokensOf(session) };
  }

  async function exchange(form: URLSearchParams): Promise<ScriptedAnswer> {
    const code = form.get("code") ?? "";
    const authorization = codes.get(code);
    codes.delete(code);
    const isGood =
      authorization !== undefined &&
      authorization.challenge === challengeOf(form.get("code_verifier") ?? "") &&
      authorization.redirectUri === form.get("redirect_uri");
    if (!isGood)
      return { status: 400, body: { error: "invalid_grant", error_description: "bad code" } };
    return { status: 200, body: await tokensOf(newSession(authorization.person)) };
  }

  async function answer(request: IncomingMessage, body: string): Promise<ScriptedAnswer> {
    const url = new URL(request.url ?? "/", issuer.url);
    const scripted = scripts.get(url.pathname)?.shift();
    if (scripted !== undefined) return scripted;
    switch (url.pathname) {
      case "/oauth/authorize":
        return authorize(url.searchParams);
      case "/oauth/token":
        return await token(request, body);
      case "/oauth/revoke": {
        const session = sessions.get((JSON.parse(body) as { token: string }).token);
        if (session !== undefined) session.revoked = true;
        return { status: 200 };
      }
      case "/.well-known/openid-configuration":
        return issuer.keys === "hidden"
          ? { status: 404 }
          : { status: 200, body: { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` } };
      case "/jwks": {
        const { publicKey } = issuer.keys === "wrong" ? otherKeys : keys;
        return { status: 200, body: { keys: [await jwk(publicKey)] } };
      }
      case "/api/accounts/deviceauth/usercode":
        return {
          status: 200,
          body: { device_auth_id: "d1", user_code: "ABCD-1234", interval: "1" },
        };
      case "/api/accounts/deviceauth/token":
        return deviceCode();
      default:
        return { status: 404 };
    }
  }

  /** The person agrees at once; the browser is sent back with a code. */
  function authorize(query: URLSearchParams): ScriptedAnswer {
    const redirectUri = query.get("redirect_uri") ?? "";
    const code = random();
    codes.set(code, {
      person: issuer.person,
      challenge: query.get("code_challenge") ?? "",
      redirectUri,
    });
    const back = new URL(redirectUri);
    back.search = new URLSearchParams({ code, state: query.get("state") ?? "" }).toString();
    return { status: 302, body: back.href };
  }

  async function token(request: IncomingMessage, body: string): Promise<ScriptedAnswer> {
    if (request.headers["content-type"] === "application/json") {
      const { refresh_token: refreshToken } = JSON.parse(body) as { refresh_token: string };
      return await renew(refreshToken);
    }
    const form = new URLSearchParams(body);
    if (form.get("grant_type") === "authorization_code") return await exchange(form);
    return issuer.apiKey === null
      ? { status: 403, body: { error: "no organization" } }
      : { status: 200, body: { access_token: issuer.apiKey } };
  }

  function deviceCode(): ScriptedAnswer {
    const verifier = random();
    const code = random();
    const redirectUri = `${issuer.url}/deviceauth/callback`;
    codes.set(code, { person: issuer.person, challenge: challengeOf(verifier), redirectUri });
    return {
      status: 200,
      body: {
        authorization_code: code,
        code_challenge: challengeOf(verifier),
        code_verifier: verifier,
      },
    };
  }

  const server = createServer((request, response) => {
    void respond(request, response);
  });
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString("utf8");
    const headers = request.headers as Record<string, string | undefined>;
    requests.push({ path: request.url ?? "", headers, body });
    const { status, body: content } = await answer(request, body);
    if (status === 302) response.setHeader("location", String(content));
    response.statusCode = status;
    response.end(typeof content === "string" ? content : JSON.stringify(content ?? {}));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const issuer: Issuer = {
    url: `http://127.0.0.1:${port}`,
    requests,
    get renewals() {
      return renewals;
    },
    person: { email: "kim@test", accountId: "ws-42" },
    apiKey: "sk-exchanged",
    keys: "published",
    async login(person = issuer.person) {
      return {
        auth_mode: "chatgpt",
        OPENAI_API_KEY: null,
        tokens: { ...(await tokensOf(newSession(person))), account_id: person.accountId },
        last_refresh: now().toISOString(),
      };
    },
    accepts(refreshToken) {
      const session = sessions.get(refreshToken);
      return session !== undefined && !session.revoked && session.current === refreshToken;
    },
    script(path, ...answers) {
      scripts.set(path, [...answers]);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return issuer;
}

function refused(code: string): ScriptedAnswer {
  return { status: 401, body: { error: { code, message: `refused: ${code}` } } };
}
