export { plugin, type Plugin, type Rule } from "./plugin.ts";
