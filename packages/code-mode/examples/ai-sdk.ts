// One tool that lets a model write scripts over a program's own tools, in the shape that the AI SDK
// takes: `generateText({ model, tools: { run_script: runScript }, … })`.
import { z } from "zod";
import { createCodeMode } from "../src/index.ts";

// Tools as they are made for the AI SDK: `tool({ description, inputSchema, execute })`.
const tools = {
  weather: {
    description: "The temperature of a city, in degrees Celsius.",
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.object({ degrees: z.number() }),
    execute: async ({ city }: { city: string }) => ({ degrees: city.length }),
  },
};

await using codeMode = createCodeMode({ tools });

const runScript = {
  description: codeMode.description,
  inputSchema: z.object({ source: z.string().describe("JavaScript source text") }),
  execute: async (
    { source }: { source: string },
    { abortSignal }: { abortSignal?: AbortSignal | undefined } = {},
  ) => {
    const result = await codeMode.run(source, { signal: abortSignal });
    const texts = result.contentItems.map((item) =>
      item.type === "input_text" ? item.text : item.image_url,
    );
    return result.status === "completed" ? { texts } : { texts, error: result.error.text };
  },
};

// What the SDK does when the model calls the tool:
const answer = await runScript.execute({
  source: `
    const cities = ["Oslo", "Lisbon", "Athens"];
    const all = await Promise.all(cities.map(async (city) => [city, (await tools.weather({ city })).degrees]));
    text(all.toSorted((a, b) => b[1] - a[1])[0]);
  `,
});
console.log(answer); // { texts: ['["Lisbon",6]'] }
