// From what a person handed in to the message that the model reads.
import type { ContentItem, MessageItem, UserInput } from "@codex-ts/protocol";
import { loadImageForModel } from "@codex-ts/tools";

/**
 * One user message with the parts of all inputs in order. Local images are read now; one that cannot
 * be used becomes a text that names the file and the reason.
 */
export async function userInputMessage(inputs: readonly UserInput[]): Promise<MessageItem> {
  const content: ContentItem[] = [];
  let images = 0;
  for (const input of inputs) {
    switch (input.type) {
      case "text":
        content.push({ type: "input_text", text: input.text });
        break;
      case "image":
        images += 1;
        content.push(
          { type: "input_text", text: "<image>" },
          { type: "input_image", image_url: input.image_url },
          { type: "input_text", text: "</image>" },
        );
        break;
      case "local_image": {
        images += 1;
        const image = await loadImageForModel(input.path);
        if (image.kind === "failed") {
          content.push({ type: "input_text", text: image.message });
        } else {
          content.push(
            { type: "input_text", text: `<image name=[Image #${images}]>` },
            { type: "input_image", image_url: image.dataUrl },
            { type: "input_text", text: "</image>" },
          );
        }
        break;
      }
      case "skill":
      case "mention":
        break;
    }
  }
  return { type: "message", role: "user", content };
}
