import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  ModelProviderError,
  builtInProviders,
  chooseOssProvider,
  defaultOssModel,
  defineProvider,
  mergeProviders,
  resolveProvider,
} from "./index.ts";

const builtIn = builtInProviders({ env: {}, version: "1.0.0" });
const acme = defineProvider({ name: "Acme", base_url: "https://llm.test/v1" });

describe("mergeProviders", () => {
  test("the user's entries are added to the built-in ones", () => {
    expect(mergeProviders(builtIn, { acme })).toEqual({ ...builtIn, acme });
  });

  test("a built-in provider cannot be redefined", () => {
    expect(() => mergeProviders(builtIn, { ollama: acme })).toThrow(/`ollama` cannot be redefined/);
  });

  test("a definition that was written in code is checked too", () => {
    const corp = defineProvider({ name: "Corp", env_key: "K", auth: { command: "sso" } });
    expect(() => mergeProviders(builtIn, { corp })).toThrow(
      new ModelProviderError(
        "conflicting_keys",
        "model_providers.corp: `auth` cannot stand together with `env_key`; keep one way to authenticate",
        { providerId: "corp", key: "env_key" },
      ),
    );
    const hasty = defineProvider({ name: "H", auth: { command: "sso", timeout_ms: 0 } });
    expect(() => mergeProviders(builtIn, { hasty })).toThrow(
      /model_providers\.hasty: .*timeout_ms/,
    );
  });
});

describe("resolveProvider", () => {
  test("gives the definition with its id", () => {
    expect(resolveProvider("acme", { acme })).toEqual({ ...acme, id: "acme" });
  });

  test("an unknown id is an error that lists the known ones", () => {
    expect(() => resolveProvider("acne", mergeProviders(builtIn, { acme }))).toThrow(
      new ModelProviderError(
        "unknown_provider",
        "there is no model provider `acne`; define [model_providers.acne] in config.toml or choose one of: acme, lmstudio, ollama, openai",
        { providerId: "acne" },
      ),
    );
  });

  test("a name of Object.prototype is no provider", () => {
    expect(() => resolveProvider("toString", builtIn)).toThrow(/no model provider `toString`/);
  });

  test("ollama-chat says that it was removed, unless the user defines it", () => {
    expect(() => resolveProvider("ollama-chat", builtIn)).toThrow(/use `ollama`/);
    expect(resolveProvider("ollama-chat", { "ollama-chat": acme }).name).toBe("Acme");
  });

  test("printing a provider shows neither its token nor its header values", () => {
    const provider = resolveProvider("a", {
      a: defineProvider({
        name: "A",
        experimental_bearer_token: "tok-123",
        http_headers: { "X-Key": "key-456" },
      }),
    });
    const printed = inspect(provider) + JSON.stringify(provider) + inspect({ deep: [provider] });
    expect(printed).not.toMatch(/tok-123|key-456/);
    expect(JSON.parse(JSON.stringify(provider))).toMatchObject({
      name: "A",
      experimental_bearer_token: "[redacted]",
      http_headers: { "X-Key": "[redacted]" },
    });
    expect(provider.experimental_bearer_token).toBe("tok-123");
  });
});

test("defineProvider: a key that is undefined does not hide its default", () => {
  const auth = { command: "sso", timeout_ms: undefined };
  expect(defineProvider({ name: "A", request_max_retries: undefined, auth })).toEqual(
    defineProvider({ name: "A", auth: { command: "sso" } }),
  );
});

describe("the open-source mode", () => {
  test("the flag wins over the profile and the profile over the top level", () => {
    expect(chooseOssProvider({ flag: "ollama", profile: "lmstudio" })).toBe("ollama");
    expect(chooseOssProvider({ profile: "lmstudio", config: "ollama" })).toBe("lmstudio");
    expect(chooseOssProvider({ flag: " ", config: "ollama" })).toBe("ollama");
  });

  test("no provider is an error that says how to choose one", () => {
    expect(() => chooseOssProvider({})).toThrow(/--local-provider/);
  });

  test("ollama-chat says that it was removed", () => {
    expect(() => chooseOssProvider({ flag: "ollama-chat" })).toThrow(/no longer exists/);
  });

  test("each local server has its own name for the default model", () => {
    expect(["ollama", "lmstudio", "acme"].map(defaultOssModel)).toEqual([
      "gpt-oss:20b",
      "openai/gpt-oss-20b",
      undefined,
    ]);
  });
});
