// A real OAuth 2 and OpenID Connect issuer on loopback (npm oidc-provider): it checks PKCE, signs its id
// tokens with keys that it publishes, rotates refresh tokens at every use, and revokes the whole login
// when a refresh token comes a second time.
import { randomBytes } from "node:crypto";
import { IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { Provider } from "oidc-provider";
import { createIssuerStorage } from "./oauth-issuer-storage.ts";

export interface OauthIssuerOptions {
  /** The client that may log in here; it comes back to `/auth/callback` on any port of localhost. */
  readonly clientId: string;
  /** How long access tokens last, in seconds; an hour by default. */
  readonly lifetimeSeconds?: number | undefined;
}

export interface IssuedTokens {
  readonly id_token: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

export interface OauthIssuer extends AsyncDisposable {
  readonly url: string;
  /** Renewals that were granted. */
  readonly renewals: number;
  /** Refresh tokens that came a second time. */
  readonly reuses: number;
  /** Requests for tokens of any kind. */
  readonly tokenRequests: number;
  /** The claims about the person who logs in; `email` and the account's. */
  person: { readonly email: string; readonly auth: Readonly<Record<string, unknown>> };
  /** The tokens of a login that was made earlier; it does not count as a renewal. */
  login(): Promise<IssuedTokens>;
  /** Whether the login that a refresh token is of has been revoked, or never was. */
  isRevoked(refreshToken: string): Promise<boolean>;
}

const accountClaim = "https://api.openai.com/auth";
const audience = "https://api.test";
const scope = "openid profile email offline_access api.connectors.read api.connectors.invoke";

export async function startOauthIssuer(options: OauthIssuerOptions): Promise<OauthIssuer> {
  const { clientId, lifetimeSeconds = 3600 } = options;
  // Those who import this package for something else do not wait for a web framework.
  const { Provider: ProviderClass } = await import("oidc-provider");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${portOf(server)}`;
  let renewals = 0;
  let reuses = 0;
  let tokenRequests = 0;

  const provider = new ProviderClass(url, {
    adapter: createIssuerStorage(),
    clients: [
      {
        client_id: clientId,
        application_type: "native",
        redirect_uris: ["http://localhost/auth/callback"],
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        id_token_signed_response_alg: "ES256",
      },
    ],
    cookies: { keys: [randomBytes(16).toString("hex")] },
    jwks: { keys: [await signingKey()] },
    scopes: scope.split(" "),
    claims: { openid: ["sub", accountClaim], email: ["email"], profile: [] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    extraTokenClaims: () => ({ [accountClaim]: issuer.person.auth }),
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        email: issuer.person.email,
        [accountClaim]: issuer.person.auth,
      }),
    }),
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      // Access tokens are JWTs for a resource, as those of ChatGPT are.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope,
          audience,
          accessTokenTTL: lifetimeSeconds,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    routes: {
      authorization: "/oauth/authorize",
      token: "/oauth/token",
      revocation: "/oauth/revoke",
      jwks: "/jwks",
    },
    ttl: {
      AccessToken: lifetimeSeconds,
      Session: 600,
      Grant: 86_400,
      Interaction: 600,
      IdToken: 3600,
      RefreshToken: 86_400,
    },
  });
  provider.on("grant.success", (context) => {
    tokenRequests += 1;
    if (context.oidc.params?.["grant_type"] === "refresh_token") renewals += 1;
  });
  provider.on("grant.error", (_context, { error_detail: detail }) => {
    tokenRequests += 1;
    if (detail === "refresh token already used") reuses += 1;
  });

  const handle = provider.callback();
  server.on("request", (request, response) => {
    const uid = /^\/interaction\/([\w-]+)$/.exec(request.url ?? "")?.[1];
    const answer =
      uid === undefined
        ? asForm(request).then(async (form) => await handle(form, response))
        : interact(provider, { clientId, request, response, person: issuer.person.email });
    answer.catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });

  const issuer: OauthIssuer = {
    url,
    get renewals() {
      return renewals;
    },
    get reuses() {
      return reuses;
    },
    get tokenRequests() {
      return tokenRequests;
    },
    person: {
      email: "kim@test",
      auth: { chatgpt_plan_type: "pro", chatgpt_account_id: "ws-42" },
    },
    async login() {
      const grantId = await makeGrant(provider, { clientId, accountId: "kim" });
      const client = await provider.Client.find(clientId);
      if (client === undefined) throw new Error("the issuer does not know its own client");
      const refreshToken = new provider.RefreshToken({
        client,
        accountId: "kim",
        grantId,
        gty: "authorization_code",
        resource: audience,
        scope,
      });
      const answer = await fetch(`${url}/oauth/token`, {
        method: "POST",
        body: new URLSearchParams({
          client_id: clientId,
          grant_type: "refresh_token",
          refresh_token: await refreshToken.save(),
        }),
      });
      if (!answer.ok) throw new Error(`the issuer gives no login: ${await answer.text()}`);
      renewals -= 1;
      tokenRequests -= 1;
      return (await answer.json()) as IssuedTokens;
    },
    async isRevoked(refreshToken) {
      return (await provider.RefreshToken.find(refreshToken)) === undefined;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return issuer;
}

async function signingKey() {
  const { privateKey } = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    /*extractable*/ true,
    ["sign", "verify"],
  );
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", privateKey);
  return { kty, crv, x, y, d, alg: "ES256", use: "sig", kid: "k1" };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** ChatGPT's issuer takes JSON where OAuth has forms (RFC 6749, 4.1.3); this one takes both. */
async function asForm(request: IncomingMessage): Promise<IncomingMessage> {
  if (request.headers["content-type"] !== "application/json") return request;
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const fields = JSON.parse(Buffer.concat(parts).toString("utf8")) as Record<string, string>;
  const body = Buffer.from(new URLSearchParams(fields).toString());
  const form = Object.assign(new IncomingMessage(request.socket), {
    method: request.method,
    url: request.url,
    // Else the end of it would count as a broken connection.
    complete: true,
    httpVersion: request.httpVersion,
    headers: {
      ...request.headers,
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(body.length),
    },
  });
  form.push(body);
  form.push(null);
  return form;
}

interface Interaction {
  readonly clientId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly person: string;
}

/** The page on which the person agrees, and what comes of the button on it. */
async function interact(provider: Provider, interaction: Interaction): Promise<void> {
  const { clientId, request, response, person } = interaction;
  if (request.method === "POST") {
    const grantId = await makeGrant(provider, { clientId, accountId: "kim" });
    const result = { login: { accountId: "kim" }, consent: { grantId } };
    await provider.interactionFinished(request, response, result);
    return;
  }
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(
    `<!doctype html><title>Sign in</title><form method="post"><button>Continue as ${person}</button></form>`,
  );
}

async function makeGrant(
  provider: Provider,
  { clientId, accountId }: { readonly clientId: string; readonly accountId: string },
): Promise<string> {
  const grant = new provider.Grant({ clientId, accountId });
  grant.addOIDCScope(scope);
  grant.addResourceScope(audience, scope);
  return await grant.save();
}
