import { expect, test } from "vitest";
import { newQuickJSWASMModuleFromVariant } from "quickjs-emscripten-core";
import { loadLibrary } from "./engine.ts";
import { bindEngine } from "./engine-calls.ts";
import { createCodeModeService } from "./service.ts";

test("texts of every length and alphabet reach a script and come back as they were", async () => {
  await using service = createCodeModeService();
  const alphabets = ["ascii", "ä€", "😀𝒳", "a\u0000b", "\ud800", 'quote " and \\n'];
  const texts = alphabets.flatMap((part) =>
    [1, 20, 63, 64, 65, 1000, 50_000].map((length) => part.repeat(Math.ceil(length / part.length))),
  );
  service.startTurnWorker({ invokeTool: async () => texts, notify() {} });
  const response = await service.execute({
    toolCallId: "call",
    enabledTools: [{ name: "all", description: "", kind: "function" }],
    source: `const all = await tools.all(); text(JSON.stringify(all)); text(${JSON.stringify("ü".repeat(500))});`,
  });
  expect(response).toMatchObject({
    status: "completed",
    contentItems: [{ text: JSON.stringify(texts) }, { text: "ü".repeat(500) }],
  });
});

/** The engine, changed as another version of it might be. */
async function openChanged(change: (module: Record<string, unknown>) => void) {
  const [, variant] = await loadLibrary();
  const binding = bindEngine({
    ...variant,
    async importModuleLoader() {
      const imported = await variant.importModuleLoader();
      if (typeof imported !== "function") throw new Error("not as it was");
      return async (options) => {
        const module = await imported(options);
        change(module as unknown as Record<string, unknown>);
        return module;
      };
    },
  });
  const quickjs = await newQuickJSWASMModuleFromVariant(binding.variant);
  using runtime = quickjs.newRuntime();
  using _context = runtime.newContext();
  return binding.open("script.mjs", () => 0);
}

test("an engine that is not the known one is refused, with what it lacks and what to install", async () => {
  await expect(
    openChanged((module) => {
      delete module["_QTS_PromiseState"];
      delete module["_QTS_PromiseResult"];
    }),
  ).rejects.toThrow(
    /not the one that this package knows: _QTS_PromiseState, _QTS_PromiseResult missing\. Install quickjs-emscripten-core and .* in version 0\.32\.0/,
  );
  await expect(openChanged(() => {})).resolves.toBeTypeOf("object");
});
