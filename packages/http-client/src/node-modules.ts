// The platform's own network modules, loaded at first use.
//
// An ES import of node:http reads every property of the module, and one of them is a getter that loads
// a second HTTP client (the one behind fetch): four times the time and the memory of node:http itself.
// Asking for the module by name leaves the getter alone.
import type * as Http from "node:http";
import type * as Https from "node:https";
import type * as Net from "node:net";
import type * as Tls from "node:tls";

export function nodeHttp(): typeof Http {
  return process.getBuiltinModule("node:http");
}

export function nodeHttps(): typeof Https {
  return process.getBuiltinModule("node:https");
}

export function nodeNet(): typeof Net {
  return process.getBuiltinModule("node:net");
}

export function nodeTls(): typeof Tls {
  return process.getBuiltinModule("node:tls");
}
