import type { ContentItem, ImageDetail } from "./content.ts";
import { helperStatus } from "./prelude.ts";

const details: ReadonlySet<string> = new Set<ImageDetail>(["auto", "low", "high", "original"]);

function isDetail(value: string): value is ImageDetail {
  return details.has(value);
}

/** The item of an image, or the status that says what is wrong with it. */
export function imageItem(url: string, detail: string | undefined): ContentItem | number {
  if (!/^(?:https?:\/\/|data:)/i.test(url)) return helperStatus.imageUrl;
  if (detail === undefined) return { type: "input_image", image_url: url };
  const lower = detail.toLowerCase();
  if (!isDetail(lower)) return helperStatus.imageDetail;
  return { type: "input_image", image_url: url, detail: lower };
}
