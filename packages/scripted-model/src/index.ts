export {
  customToolCall,
  functionCall,
  item,
  message,
  rawReasoning,
  reasoning,
  type ScriptedItem,
} from "./items.ts";
export {
  brokenStream,
  endAfter,
  eventBytes,
  failedResponse,
  hangingStream,
  httpError,
  incompleteResponse,
  inPieces,
  noAnswer,
  rawStream,
  type Reply,
  respond,
  type RespondOptions,
  type StreamReply,
} from "./replies.ts";
export {
  type ReceivedRequest,
  type Script,
  type ScriptedModel,
  ScriptedModelError,
  type ScriptedModelOptions,
  startScriptedModel,
} from "./server.ts";
