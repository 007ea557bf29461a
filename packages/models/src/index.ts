export { bundledCatalogue } from "./bundled-catalogue.ts";
export { defaultModel, effortAfterSwitch } from "./choose-model.ts";
export { type DecodedModels, decodeModels } from "./decode-models.ts";
export { type ModelOverrides, lookUpModel } from "./look-up-model.ts";
export { type ModelPreset, type ModelUpgrade, listModels } from "./model-presets.ts";
export {
  type ModelsManager,
  type ModelsManagerOptions,
  type RefreshStrategy,
  createModelsManager,
} from "./models-manager.ts";
export { autoCompactTokenLimit, effectiveContextWindow } from "./model-limits.ts";
export { baseInstructions } from "./prompts/base-instructions.ts";
export {
  LocalModelError,
  type LocalModelErrorCode,
  type LocalModelOptions,
  prepareLocalModel,
} from "./local-models.ts";
