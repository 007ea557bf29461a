// Turn items, and the older events that follow the newer ones.
import { randomUUID } from "node:crypto";
import {
  type AssistantText,
  type EventMsg,
  type MessageItem,
  readAssistantText,
  type ResponseItem,
  type TurnItem,
  type UserInput,
} from "@codex-ts/protocol";
import { isContextualUserMessage, messageText, partText } from "./contextual-message.ts";

/** What a response item is to a person; null for what is not shown as an item of the turn. */
export function parseTurnItem(item: ResponseItem): TurnItem | null {
  switch (item.type) {
    case "message":
      if (item.role === "assistant") return agentMessage(item);
      if (item.role === "user" && !isContextualUserMessage(item)) {
        return { type: "UserMessage", id: randomUUID(), content: userInputs(item.content) };
      }
      return null;
    case "reasoning":
      return {
        type: "Reasoning",
        id: item.id ?? randomUUID(),
        summary_text: item.summary.map((entry) => entry.text),
        raw_content: (item.content ?? []).map((entry) => entry.text),
      };
    case "web_search_call": {
      const action = item.action ?? { type: "other" as const };
      return {
        type: "WebSearch",
        id: item.id ?? randomUUID(),
        query: webSearchQuery(action),
        action,
      };
    }
    case "image_generation_call":
      return {
        type: "ImageGeneration",
        id: item.id,
        status: item.status,
        ...(item.revised_prompt === undefined ? {} : { revised_prompt: item.revised_prompt }),
        result: item.result,
      };
    default:
      return null;
  }
}

type AgentMessage = Extract<TurnItem, { type: "AgentMessage" }>;

/** A message of the model's without its hidden markup; `read` is its text, taken apart. */
export function agentMessage(
  item: MessageItem,
  read: AssistantText = readAssistantText(messageText(item), { plans: false }),
): AgentMessage {
  const parts = item.content.flatMap((part) => partText(part) ?? []);
  const texts = parts.join("") === read.text ? parts : [read.text];
  return {
    type: "AgentMessage",
    id: item.id ?? randomUUID(),
    content: texts.map((text) => ({ type: "Text", text })),
    ...(item.phase === undefined ? {} : { phase: item.phase }),
    ...(read.citation === null ? {} : { memory_citation: read.citation }),
  };
}

function webSearchQuery(action: Extract<TurnItem, { type: "WebSearch" }>["action"]): string {
  switch (action.type) {
    case "search":
      return action.query ?? action.queries?.join(", ") ?? "";
    case "open_page":
      return action.url ?? "";
    case "find_in_page":
      return [action.pattern, action.url].filter((part) => part !== undefined).join(" in ");
    case "other":
      return "";
  }
}

const IMAGE_TAG = /^<\/?image(?: name=\[Image #\d+\])?>$/;

/** The inputs behind a user message's parts; the tags around images are not shown. */
function userInputs(content: Extract<ResponseItem, { type: "message" }>["content"]): UserInput[] {
  const inputs: UserInput[] = [];
  content.forEach((part, index) => {
    if (part.type === "input_image") {
      inputs.push({ type: "image", image_url: part.image_url });
    } else if (part.type === "input_text") {
      const besideImage =
        content[index - 1]?.type === "input_image" || content[index + 1]?.type === "input_image";
      if (!(besideImage && IMAGE_TAG.test(part.text))) {
        inputs.push({ type: "text", text: part.text, text_elements: [] });
      }
    }
  });
  return inputs;
}

/** The older events that are announced directly after `msg`, with the same id. */
export function legacyTwins(msg: EventMsg): readonly EventMsg[] {
  switch (msg.type) {
    case "agent_message_content_delta":
      return [{ type: "agent_message_delta", delta: msg.delta }];
    case "reasoning_content_delta":
      return [{ type: "agent_reasoning_delta", delta: msg.delta }];
    case "reasoning_raw_content_delta":
      return [{ type: "agent_reasoning_raw_content_delta", delta: msg.delta }];
    case "item_started":
      return msg.item.type === "WebSearch"
        ? [{ type: "web_search_begin", call_id: msg.item.id }]
        : [];
    case "item_completed":
      return completedTwins(msg.item);
    default:
      return [];
  }
}

function completedTwins(item: TurnItem): readonly EventMsg[] {
  switch (item.type) {
    case "UserMessage":
      return [userMessageEvent(item.content)];
    case "AgentMessage":
      return item.content.map((part) => ({
        type: "agent_message",
        message: part.text,
        phase: item.phase ?? null,
        memory_citation: item.memory_citation ?? null,
      }));
    case "Reasoning":
      return item.summary_text.map((text) => ({ type: "agent_reasoning", text }));
    case "WebSearch":
      return [{ type: "web_search_end", call_id: item.id, query: item.query, action: item.action }];
    case "ContextCompaction":
      return [{ type: "context_compacted" }];
    default:
      return [];
  }
}

function userMessageEvent(content: readonly UserInput[]): EventMsg {
  const texts: string[] = [];
  const images: string[] = [];
  const localImages: string[] = [];
  const elements: NonNullable<Extract<UserInput, { type: "text" }>["text_elements"]>[number][] = [];
  let offset = 0;
  for (const input of content) {
    switch (input.type) {
      case "text":
        for (const element of input.text_elements ?? []) {
          elements.push({
            ...element,
            byte_range: {
              start: element.byte_range.start + offset,
              end: element.byte_range.end + offset,
            },
          });
        }
        texts.push(input.text);
        offset += Buffer.byteLength(input.text);
        break;
      case "image":
        images.push(input.image_url);
        break;
      case "local_image":
        localImages.push(input.path);
        break;
      default:
        break;
    }
  }
  return {
    type: "user_message",
    message: texts.join(""),
    images,
    local_images: localImages,
    text_elements: elements,
  };
}
