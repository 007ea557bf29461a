import { fromAbsolute } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { ModelProviderError } from "./index.ts";
import { parseModelProvider, parseModelProviders } from "./schemas.ts";

function failure(block: unknown, id = "corp"): ModelProviderError {
  try {
    parseModelProvider(id, block);
  } catch (error) {
    if (error instanceof ModelProviderError) return error;
    throw error;
  }
  throw new Error("the block was accepted");
}

const auth = { command: "acme-sso" };

describe("parseModelProvider", () => {
  test("a block with a name and an address gets every default", () => {
    expect(parseModelProvider("acme", { name: "Acme", base_url: "https://llm.test/v1" })).toEqual({
      name: "Acme",
      base_url: "https://llm.test/v1",
      wire_api: "responses",
      request_max_retries: 4,
      stream_max_retries: 5,
      stream_idle_timeout_ms: 300_000,
      websocket_connect_timeout_ms: 15_000,
      requires_openai_auth: false,
      supports_websockets: false,
    });
  });

  test("every key is read as it is written, and unknown keys are dropped", () => {
    const block = {
      name: "Acme",
      base_url: "https://llm.test/v1",
      env_key: "ACME_KEY",
      env_key_instructions: "Ask the platform team.",
      wire_api: "responses",
      query_params: { "api-version": "2025-04-01" },
      http_headers: { "X-Team": "search" },
      env_http_headers: { "X-Run": "RUN_ID" },
      request_max_retries: 0,
      stream_max_retries: 7,
      stream_idle_timeout_ms: 1000,
      websocket_connect_timeout_ms: 2000,
      requires_openai_auth: true,
      supports_websockets: true,
    };
    expect(parseModelProvider("acme", { ...block, from_a_newer_version: 1 })).toEqual(block);
  });

  test("the token command gets its defaults, and the config file's folder to run in", () => {
    const options = { base: fromAbsolute("/etc/agent"), home: "/home/kim" };
    const parse = (cwd?: string) =>
      parseModelProvider("acme", { name: "Acme", auth: { ...auth, cwd } }, options).auth;
    expect(parse()).toEqual({
      command: "acme-sso",
      args: [],
      timeout_ms: 5000,
      refresh_interval_ms: 300_000,
      cwd: "/etc/agent",
    });
    expect(parse("bin")?.cwd).toBe("/etc/agent/bin");
    expect(parse("~/bin")?.cwd).toBe("/home/kim/bin");
    expect(parse("/opt")?.cwd).toBe("/opt");
  });

  test("an interval of 0 is accepted", () => {
    const block = { name: "Acme", auth: { ...auth, refresh_interval_ms: 0 } };
    expect(parseModelProvider("acme", block).auth?.refresh_interval_ms).toBe(0);
  });

  test("wire_api chat says that it was removed and what to do", () => {
    const error = failure({ name: "Old", wire_api: "chat" });
    expect(error).toMatchObject({ code: "removed_wire_api", providerId: "corp", key: "wire_api" });
    expect(error.message).toBe(
      'model_providers.corp: `wire_api = "chat"` is no longer supported; set `wire_api = "responses"` or remove the key, and use a server that offers the Responses API (https://platform.openai.com/docs/api-reference/responses)',
    );
  });

  test.each([
    [{ base_url: "https://llm.test" }, "invalid_value", "name"],
    [{ name: "A", wire_api: "grpc" }, "invalid_value", "wire_api"],
    [{ name: "A", request_max_retries: -1 }, "invalid_value", "request_max_retries"],
    [{ name: "A", stream_max_retries: 1.5 }, "invalid_value", "stream_max_retries"],
    [{ name: "A", http_headers: { "X-A": 1 } }, "invalid_value", "http_headers.X-A"],
    [{ name: "A", auth: {} }, "invalid_value", "auth.command"],
    [{ name: "A", auth: { command: "  " } }, "invalid_value", "auth.command"],
    [{ name: "A", auth: { ...auth, timeout_ms: 0 } }, "invalid_value", "auth.timeout_ms"],
    [{ name: "A", auth: { ...auth, args: "token" } }, "invalid_value", "auth.args"],
    [{ name: "A", auth, env_key: "K" }, "conflicting_keys", "env_key"],
    [{ name: "A", auth, requires_openai_auth: true }, "conflicting_keys", "requires_openai_auth"],
    [
      { name: "A", auth, requires_openai_auth: true, experimental_bearer_token: "t", env_key: "K" },
      "conflicting_keys",
      "env_key, experimental_bearer_token, requires_openai_auth",
    ],
  ])("%j is refused with the provider and the key", (block, code, key) => {
    const error = failure(block);
    expect(error).toMatchObject({ code, key, providerId: "corp" });
    expect(error.message).toMatch(/^model_providers\.corp: /);
    for (const name of key.split(", ")) expect(error.message).toContain(`\`${name}\``);
  });

  test("an auth block with requires_openai_auth = false is no conflict", () => {
    expect(parseModelProvider("a", { name: "A", auth, requires_openai_auth: false }).auth).toEqual({
      command: "acme-sso",
      args: [],
      timeout_ms: 5000,
      refresh_interval_ms: 300_000,
    });
  });

  test("a message never repeats a value", () => {
    const error = failure({ name: "A", http_headers: { "X-Key": ["sk-secret"] } });
    expect(`${error.message} ${error.stack}`).not.toContain("sk-secret");
  });
});

test("reserved ids are listed sorted, before anything else is checked", () => {
  const table = { openai: {}, mine: { name: 1 }, lmstudio: {} };
  expect(() => parseModelProviders(table)).toThrow(
    new ModelProviderError(
      "reserved_id",
      "model_providers: `lmstudio`, `openai` cannot be redefined, because built-in providers have these ids; rename your entry (for example `lmstudio-custom`) and set model_provider to the new name",
      { providerId: "lmstudio, openai" },
    ),
  );
});
