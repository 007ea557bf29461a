import { expect, test } from "vitest";
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
