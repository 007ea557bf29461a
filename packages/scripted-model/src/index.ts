export { customToolCall, functionCall, message, reasoning, type ScriptedItem } from "./items.ts";
export {
  brokenStream,
  failedResponse,
  hangingStream,
  httpError,
  rawStream,
  type Reply,
  respond,
  type RespondOptions,
} from "./replies.ts";
export {
  type ReceivedRequest,
  type Script,
  type ScriptedModel,
  ScriptedModelError,
  type ScriptedModelOptions,
  startScriptedModel,
} from "./server.ts";
