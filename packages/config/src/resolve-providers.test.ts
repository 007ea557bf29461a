import nodeFs from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { makeTempHome } from "./testing/temp-home.ts";

describe("model providers", () => {
  test("the person's own are added, with defaults; the chosen one knows its id", async () => {
    await using temp = await makeTempHome(
      `model_provider = "acme"\n[model_providers.acme]\nname = "Acme"\nbase_url = "https://a/v1"\n`,
    );
    const { config } = await temp.load();
    expect(Object.keys(config.modelProviders)).toEqual(["openai", "ollama", "lmstudio", "acme"]);
    expect(config.modelProvider).toEqual({
      id: "acme",
      name: "Acme",
      base_url: "https://a/v1",
      wire_api: "responses",
      request_max_retries: 4,
      stream_max_retries: 5,
      stream_idle_timeout_ms: 300_000,
      websocket_connect_timeout_ms: 15_000,
      requires_openai_auth: false,
      supports_websockets: false,
    });
  });

  test("openai_base_url moves the built-in one; the variable does too, with a warning", async () => {
    await using temp = await makeTempHome(`openai_base_url = "https://a/v1"\n`);
    expect((await temp.load()).config.modelProvider.base_url).toBe("https://a/v1");
    await nodeFs.writeFile(temp.userFile, "");
    const { config } = await temp.load({ env: { OPENAI_BASE_URL: "https://b/v1" } });
    expect(config.modelProvider.base_url).toBe("https://b/v1");
    expect(config.startupWarnings).toEqual([expect.stringContaining("OPENAI_BASE_URL")]);
  });

  test("a token command's folder starts at the file that names the command", async () => {
    await using temp = await makeTempHome(
      `[model_providers.a]\nname = "A"\nauth = { command = "./t", cwd = "bin" }\n[model_providers.b]\nname = "B"\n[model_providers.b.auth]\ncommand = "./t"\n`,
    );
    const { modelProviders } = (await temp.load()).config;
    expect([modelProviders["a"]?.auth, modelProviders["b"]?.auth?.cwd]).toEqual([
      {
        command: "./t",
        args: [],
        timeout_ms: 5000,
        refresh_interval_ms: 300_000,
        cwd: join(temp.codexHome, "bin"),
      },
      temp.codexHome,
    ]);
  });

  test("an unknown one is an error at its place with the nearest", async () => {
    await using temp = await makeTempHome(`model = "m"\nmodel_provider = "ollma"\n`);
    const error = await temp.failure();
    expect(error).toMatchObject({
      code: "unknown_provider",
      path: temp.userFile,
      line: 2,
      column: 18,
      key: "model_provider",
    });
    expect(error.message).toContain("did you mean `ollama`?");
    expect(error.message).toContain("lmstudio, ollama, openai");
  });

  test("ollama-chat is gone and the error says what to use", async () => {
    await using temp = await makeTempHome();
    const error = await temp.failure({ overrides: { flags: { modelProvider: "ollama-chat" } } });
    expect([error.code, error.message]).toEqual([
      "unknown_provider",
      expect.stringContaining("use `ollama`"),
    ]);
  });

  test("a reserved id is refused at the entry", async () => {
    await using temp = await makeTempHome(
      `model = "m"\n\n[model_providers.mine]\nname = "Mine"\n[model_providers.ollama]\nname = "X"\n`,
    );
    const error = await temp.failure();
    expect(error).toMatchObject({ code: "invalid_value", path: temp.userFile, line: 5, column: 1 });
    expect(error.key).toBe("model_providers.ollama");
    expect(error.message).toContain("`ollama` cannot be redefined");
  });

  test("auth beside another credential is refused with the provider and the key", async () => {
    await using temp = await makeTempHome(
      `[model_providers.corp]\nname = "Corp"\nenv_key = "KEY"\n[model_providers.corp.auth]\ncommand = "t"\n`,
    );
    const error = await temp.failure();
    expect(error).toMatchObject({ path: temp.userFile, line: 3, column: 11 });
    expect(error.message).toContain("model_providers.corp");
    expect(error.message).toContain("`env_key`");
  });
});
