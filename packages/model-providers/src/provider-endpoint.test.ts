import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  type ModelProviderInput,
  builtInProviders,
  defineProvider,
  isOpenAiEndpoint,
  resolveProvider,
  toEndpoint,
} from "./index.ts";

const resolved = (block: Partial<ModelProviderInput>, id = "acme") =>
  resolveProvider(id, { [id]: defineProvider({ name: "Acme", ...block }) });

describe("toEndpoint", () => {
  test("resolves every field", () => {
    const provider = resolved({
      base_url: "https://llm.test/v1",
      query_params: { "api-version": "2025-04-01" },
      http_headers: { "X-Team": "search" },
      env_http_headers: { "X-Run": "RUN_ID", "X-Unset": "NOT_SET", "X-Blank": "BLANK" },
      request_max_retries: 101,
      stream_max_retries: 1000,
      stream_idle_timeout_ms: 10,
      websocket_connect_timeout_ms: 20,
      supports_websockets: true,
    });
    const env = { RUN_ID: "run-7\n", BLANK: "  " };
    expect(toEndpoint(provider, { env, authKind: "none" })).toEqual({
      name: "Acme",
      baseUrl: "https://llm.test/v1",
      queryParams: { "api-version": "2025-04-01" },
      headers: { "X-Team": "search", "X-Run": "run-7" },
      requestMaxRetries: 100,
      streamMaxRetries: 100,
      streamIdleTimeoutMs: 10,
      supportsWebsockets: true,
      websocketConnectTimeoutMs: 20,
      storesResponses: false,
      compactsHistories: false,
    });
  });

  test("the built-in OpenAI provider sends the version and what the environment names", () => {
    const provider = resolveProvider("openai", builtInProviders({ env: {}, version: "1.2.3" }));
    const endpoint = toEndpoint(provider, { env: { OPENAI_PROJECT: "p1" }, authKind: "api_key" });
    expect(endpoint.headers).toEqual({ version: "1.2.3", "OpenAI-Project": "p1" });
  });

  test.each([
    ["chatgpt", "https://chatgpt.com/backend-api/codex"],
    ["api_key", "https://api.openai.com/v1"],
    ["none", "https://api.openai.com/v1"],
  ] as const)("without an address, %s goes to %s", (authKind, baseUrl) => {
    expect(toEndpoint(resolved({}), { env: {}, authKind }).baseUrl).toBe(baseUrl);
    expect(toEndpoint(resolved({ base_url: "" }), { env: {}, authKind }).baseUrl).toBe(baseUrl);
  });

  test("a retry count of 0 stays 0", () => {
    const provider = resolved({ request_max_retries: 0, stream_max_retries: 0 });
    const endpoint = toEndpoint(provider, { env: {}, authKind: "none" });
    expect([endpoint.requestMaxRetries, endpoint.streamMaxRetries]).toEqual([0, 0]);
  });

  test.each(["llm.test/v1", "ftp://llm.test", "https://user:pw-9@:bad"])(
    "the address %j is refused without being repeated",
    (baseUrl) => {
      const convert = () =>
        toEndpoint(resolved({ base_url: baseUrl }), { env: {}, authKind: "none" });
      expect(convert).toThrow(
        "model_providers.acme: `base_url` is not an address that starts with http:// or https://",
      );
    },
  );

  test.each([
    [{ http_headers: { "X Bad": "secret-1" } }, "`http_headers.X Bad`"],
    [{ http_headers: { "X-Bad": "secret-1\r\nX-More: 1" } }, "`http_headers.X-Bad`"],
    [{ env_http_headers: { "X-Bad": "LINES" } }, "the variable LINES"],
  ])("a header that cannot be sent is named, its value is not: %#", (block, named) => {
    const convert = () =>
      toEndpoint(resolved(block), { env: { LINES: "secret-1\nmore" }, authKind: "none" });
    expect(convert).toThrow(named);
    expect(convert).not.toThrow("secret-1");
  });

  test("printing an endpoint shows no header value", () => {
    const provider = resolved({ http_headers: { "X-Key": "key-456" } });
    const endpoint = toEndpoint(provider, { env: {}, authKind: "none" });
    expect(inspect(endpoint) + JSON.stringify(endpoint)).not.toContain("key-456");
    expect(endpoint.headers["X-Key"]).toBe("key-456");
  });
});

describe("Azure keeps responses", () => {
  const storesResponses = (name: string, base_url: string) =>
    toEndpoint(resolved({ name, base_url }), { env: {}, authKind: "none" }).storesResponses;

  test.each([
    "https://x.openai.azure.com/openai",
    "https://x.openai.azure.us/openai/deployments/d",
    "https://X.CognitiveServices.Azure.com/openai",
    "https://x.aoai.azure.com/openai",
    "https://x.azure-api.net/openai",
    "https://x.azurefd.net/",
    "https://x.core.windows.net/openai",
  ])("%s is Azure", (baseUrl) => {
    expect(storesResponses("test", baseUrl)).toBe(true);
  });

  test.each([
    "https://api.openai.com/v1",
    "https://x.azurewebsites.net/openai",
    "https://x.windows.net/v1",
  ])("%s is not Azure", (baseUrl) => {
    expect(storesResponses("test", baseUrl)).toBe(false);
  });

  test("the name azure is enough, in any case", () => {
    expect(storesResponses("AZURE", "https://llm.test")).toBe(true);
    expect(storesResponses("azure two", "https://llm.test")).toBe(false);
  });
});

test.each([
  ["openai", "https://api.openai.com/v1", true],
  ["openai", "https://chatgpt.com/backend-api/codex", true],
  ["openai", "https://proxy.test/v1", false],
  ["openai", "https://notopenai.com/v1", false],
  ["acme", "https://api.openai.com/v1", false],
])("isOpenAiEndpoint: %s at %s → %s", (id, baseUrl, expected) => {
  expect(isOpenAiEndpoint({ id }, { baseUrl })).toBe(expected);
});
