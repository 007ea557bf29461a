export { bundledCatalogue } from "./bundled-catalogue.ts";
export { defaultModel, effortAfterSwitch } from "./choose-model.ts";
export { type ModelOverrides, lookUpModel } from "./look-up-model.ts";
export { autoCompactTokenLimit, effectiveContextWindow } from "./model-limits.ts";
export { baseInstructions } from "./prompts/base-instructions.ts";
