import { describe, expect, test } from "vitest";
import { builtInProviders, chooseOpenAiBaseUrl } from "./index.ts";

const defaults = {
  wire_api: "responses",
  request_max_retries: 4,
  stream_max_retries: 5,
  stream_idle_timeout_ms: 300_000,
  websocket_connect_timeout_ms: 15_000,
  requires_openai_auth: false,
  supports_websockets: false,
};

test("the built-in providers are OpenAI and two local servers", () => {
  expect(builtInProviders({ env: {}, version: "1.2.3" })).toEqual({
    openai: {
      ...defaults,
      name: "OpenAI",
      http_headers: { version: "1.2.3" },
      env_http_headers: {
        "OpenAI-Organization": "OPENAI_ORGANIZATION",
        "OpenAI-Project": "OPENAI_PROJECT",
      },
      requires_openai_auth: true,
      supports_websockets: true,
    },
    ollama: { ...defaults, name: "gpt-oss", base_url: "http://localhost:11434/v1" },
    lmstudio: { ...defaults, name: "gpt-oss", base_url: "http://localhost:1234/v1" },
  });
});

describe("the address of the local servers", () => {
  const localUrls = (env: Record<string, string>) => {
    const { ollama, lmstudio } = builtInProviders({ env, version: "0" });
    return [ollama.base_url, lmstudio.base_url];
  };

  test("CODEX_OSS_BASE_URL applies to both and wins over the port", () => {
    const env = { CODEX_OSS_BASE_URL: "http://gpu.test/v1", CODEX_OSS_PORT: "9000" };
    expect(localUrls(env)).toEqual(["http://gpu.test/v1", "http://gpu.test/v1"]);
  });

  test("CODEX_OSS_PORT applies to both", () => {
    expect(localUrls({ CODEX_OSS_PORT: "9000", CODEX_OSS_BASE_URL: " " })).toEqual([
      "http://localhost:9000/v1",
      "http://localhost:9000/v1",
    ]);
  });

  test.each(["", "  ", "many", "70000", "-1", "80x"])("the port %j is passed over", (port) => {
    expect(localUrls({ CODEX_OSS_PORT: port })).toEqual([
      "http://localhost:11434/v1",
      "http://localhost:1234/v1",
    ]);
  });
});

describe("the address of OpenAI", () => {
  test("openai_base_url alone is taken without a warning", () => {
    expect(chooseOpenAiBaseUrl({ configured: "https://proxy.test/v1", env: {} })).toEqual({
      baseUrl: "https://proxy.test/v1",
      warning: undefined,
    });
  });

  test("OPENAI_BASE_URL is taken with a warning when the config has none", () => {
    const env = { OPENAI_BASE_URL: "https://env.test/v1" };
    expect(chooseOpenAiBaseUrl({ configured: "", env })).toEqual({
      baseUrl: "https://env.test/v1",
      warning:
        "The variable OPENAI_BASE_URL is deprecated. Set the config key openai_base_url instead.",
    });
    expect(builtInProviders({ env, version: "0" }).openai.base_url).toBe("https://env.test/v1");
  });

  test("the config key wins when both are set, and the person is told", () => {
    const env = { OPENAI_BASE_URL: "https://env.test/v1" };
    expect(chooseOpenAiBaseUrl({ configured: "https://proxy.test/v1", env })).toEqual({
      baseUrl: "https://proxy.test/v1",
      warning:
        "The variable OPENAI_BASE_URL is ignored because the config key openai_base_url is set.",
    });
  });

  test("a blank variable counts as unset", () => {
    expect(chooseOpenAiBaseUrl({ env: { OPENAI_BASE_URL: "  " } })).toEqual({
      baseUrl: undefined,
      warning: undefined,
    });
  });
});
