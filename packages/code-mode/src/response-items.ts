/** A cell's answer as the model is shown it. */
import type { CellResponse } from "./cell.ts";
import type { ContentItem } from "./content.ts";
import { defaultOutputTokens, truncateItems } from "./truncate.ts";

/** What the answer says of itself, and how long it may be. */
export interface ResponseItemsOptions {
  /** How long this call took, in ms; not the age of the cell. */
  readonly wallTimeMs: number;
  /** Budget of this call's output; 10,000. */
  readonly maxOutputTokens?: number | undefined;
}

/** An answer as a model is shown it. */
export interface ResponseItems {
  /** False when the script failed or there is no such cell. */
  readonly success: boolean;
  /** The status first, then the output; the error of a failed script last. */
  readonly items: readonly [ContentItem, ...ContentItem[]];
}

/** Status line, wall time and output of an answer, cut to the budget. */
export function responseItems(
  response: CellResponse,
  options: ResponseItemsOptions,
): ResponseItems {
  const seconds = (Math.round(options.wallTimeMs / 100) / 10).toFixed(1);
  const header: ContentItem = {
    type: "input_text",
    text: `${statusLine(response)}\nWall time ${seconds} seconds\nOutput:\n`,
  };
  const budget = options.maxOutputTokens ?? defaultOutputTokens;
  const output = "contentItems" in response ? [...response.contentItems] : [];
  const dropped = "droppedItems" in response ? response.droppedItems : 0;
  if (dropped > 0) {
    output.push({
      type: "input_text",
      text: `[${dropped} more items were over the cell's limits and are lost]`,
    });
  }
  const error = errorText(response);
  return {
    success: error === undefined,
    items: [header, ...fit(output, error, budget)],
  };
}

/** Beside images an error would be the first text to fall to a small budget: it comes out of it first. */
function fit(
  output: readonly ContentItem[],
  error: string | undefined,
  budget: number,
): readonly ContentItem[] {
  if (error === undefined) return truncateItems(output, budget);
  const item: ContentItem = { type: "input_text", text: `Script error:\n${error}` };
  if (output.every(({ type }) => type === "input_text")) {
    return truncateItems([...output, item], budget);
  }
  const reserved = Math.min(budget, Math.ceil(Buffer.byteLength(item.text) / 4));
  return [...truncateItems(output, budget - reserved), ...truncateItems([item], reserved)];
}

function statusLine(response: CellResponse): string {
  switch (response.status) {
    case "yielded":
      return `Script running with cell ID ${response.cellId}`;
    case "terminated":
      return "Script terminated";
    case "completed":
      return "Script completed";
    case "failed":
    case "missing":
      return "Script failed";
  }
}

function errorText(response: CellResponse): string | undefined {
  if (response.status === "failed") return response.error.text;
  if (response.status !== "missing") return undefined;
  const { cellId, liveCells } = response;
  const hint = liveCells.length === 0 ? "" : `; live cells: ${liveCells.join(", ")}`;
  return `exec cell ${cellId} not found${hint}`;
}
