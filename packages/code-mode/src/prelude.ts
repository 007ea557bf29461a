/**
 * The script's world, written in the language of the script: it runs inside the engine, before any
 * script, and is part of the snapshot. It is given one function of the host and returns the
 * functions that the host calls. Everything that it needs later is captured here, so that a script
 * that rewrites a prototype or a global changes its own world and not these helpers.
 *
 * What the helpers say to the host is one string: a letter, then JSON text (JSON alone carries NUL
 * and lone surrogates across). The host answers with nothing when all is well, else with a number.
 */
export const preludeFile = "code_mode_prelude.js";

/** What the host answers to a helper when it cannot do what is asked; nothing when it can. */
export const helperStatus = {
  ended: 1,
  outputLimit: 2,
  imageUrl: 3,
  imageDetail: 4,
  blankNotice: 5,
  storeLimit: 6,
  tooManyCalls: 7,
  callTooLarge: 8,
  tooManyTimers: 9,
  noMemory: 10,
} as const;

/** Thrown by `exit()`; a cell that ends with it after `exit()` was called is a success. */
const exitSentinel = "__codex_code_mode_exit__";

/** The globals of the language that stay; every other own property of `globalThis` is removed. */
const standardGlobals = [
  "AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError",
  "FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array",
  "Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String",
  "Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef",
  "WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN",
  "parseFloat parseInt undefined unescape",
].join(" ");

export const prelude = String.raw`(function (host, outputBytes, storedBytes, callBytes) {
"use strict";
const { stringify, parse } = JSON;
const { defineProperty, getOwnPropertyNames } = Object;
const { ownKeys } = Reflect;
const NativePromise = Promise;
const NativeError = Error, NativeTypeError = TypeError, NativeRangeError = RangeError;
const isError = Error.isError;
const isArray = Array.isArray;
const toString = String;
const global = globalThis;
const sentinel = ${JSON.stringify(exitSentinel)};
const status = ${JSON.stringify(helperStatus)};

const standard = { __proto__: null };
for (const name of ${JSON.stringify(standardGlobals)}.split(" ")) standard[name] = true;
for (const name of getOwnPropertyNames(global)) if (!standard[name]) delete global[name];

let stored, pending, timers, nextCall, nextTimer, over, a, b, c, d;

// sfc32: the engine's own generator would start from the same seed in every cell.
const random = { random() {
  const t = (((a + b) | 0) + d) | 0;
  d = (d + 1) | 0; a = b ^ (b >>> 9); b = (c + (c << 3)) | 0;
  c = ((c << 21) | (c >>> 11)); c = (c + t) | 0;
  return (t >>> 0) / 4294967296;
} }.random;
defineProperty(Math, "random", { value: random });

const call_ = Function.prototype.call;
const uncurry = call_.bind.bind(call_);
const plainErrors = new WeakMap();
const slice = uncurry(String.prototype.slice);
const longest = 100000;
const remember = uncurry(WeakMap.prototype.set), recall = uncurry(WeakMap.prototype.get);

// As text, and when nobody catches it, such an error is its bare message.
function plainError(Kind, message) {
  const error = new Kind(message);
  defineProperty(error, "toString", { value: () => message, writable: true, configurable: true });
  remember(plainErrors, error, message);
  return error;
}

function toolError(tool, message) {
  const error = plainError(NativeError, message);
  defineProperty(error, "tool", { value: tool, enumerable: true, writable: true, configurable: true });
  return error;
}

// Once the cell is to end, a helper that is called again does not even ask the host.
function ended() { over = true; throw sentinel; }
function say(message) { return over ? status.ended : host(message); }

function check(answer, name) {
  switch (answer) {
    case undefined: return;
    case status.ended: return ended();
    case status.outputLimit: throw plainError(NativeRangeError, name + ": the cell has reached its limit of output; this item was dropped");
    case status.imageUrl: throw plainError(NativeTypeError, "image: the URL must start with http://, https:// or data:");
    case status.imageDetail: throw plainError(NativeTypeError, "image: detail must be one of auto, low, high, original");
    case status.blankNotice: throw plainError(NativeTypeError, "notify: the text must not be blank");
    case status.storeLimit: throw plainError(NativeRangeError, "store: the stored values would be larger than the session may keep");
    case status.tooManyTimers: throw plainError(NativeRangeError, "setTimeout: too many timers are pending");
    case status.tooManyCalls: throw plainError(NativeRangeError, "too many tool calls are in flight; await some of them first");
    case status.callTooLarge: throw plainError(NativeRangeError, "the argument is larger than a tool call may carry");
    default: throw plainError(NativeRangeError, name + ": out of memory");
  }
}

function json(value) {
  try {
    return stringify(value);
  } catch (error) {
    if (isError(error) && error.message === "circular reference") {
      throw new NativeTypeError("Converting circular structure to JSON");
    }
    throw error;
  }
}

function textOf(value) {
  switch (typeof value) {
    case "string": return value;
    case "number": case "bigint": case "boolean": case "undefined": return toString(value);
    default: return value === null ? "null" : toString(json(value));
  }
}

// What is surely over a limit (UTF-8 is never shorter than UTF-16 counts) does not cross to the host.
function put(letter, text, name) {
  check(text.length > outputBytes ? say("o") : say(letter + stringify(text)), name);
}

const helpers = {
  text(value) { put("t", textOf(value), "text"); },
  image(value) {
    let url = value, detail;
    if (typeof value === "object" && value !== null && !isArray(value)) {
      url = value.image_url;
      detail = value.detail;
    }
    if (typeof url !== "string" || url === "") {
      throw plainError(NativeTypeError, "image takes a non-empty URL or an object { image_url, detail? } with a non-empty URL");
    }
    if (detail === null) detail = undefined;
    if (detail !== undefined && typeof detail !== "string") throw plainError(NativeTypeError, "image: detail must be a string");
    if (url.length > outputBytes) check(say("o"), "image");
    check(say("m[" + stringify(url) + (detail === undefined ? "]" : "," + stringify(detail) + "]")), "image");
  },
  store(key, value) {
    const name = ${"`${key}`"};
    const text = json(value);
    if (text === undefined) {
      throw plainError(NativeTypeError, "store: the value of " + stringify(name) + " cannot be represented as JSON");
    }
    if (name.length + text.length > storedBytes) check(status.storeLimit, "store");
    check(say("s[" + stringify(name) + "," + stringify(text) + "]"), "store");
    stored[name] = text;
  },
  load(key) {
    const text = stored[${"`${key}`"}];
    return text === undefined ? undefined : parse(text);
  },
  notify(value) { put("n", textOf(value), "notify"); },
  yield_control() { check(say("y"), "yield_control"); },
  exit() { say("e"); ended(); },
};

const timerHelpers = {
  setTimeout(callback, delay) {
    if (typeof callback !== "function") throw plainError(NativeTypeError, "setTimeout takes a function");
    const wait = +delay;
    const id = nextTimer++;
    check(say("w[" + id + "," + (wait >= 1 ? (wait < 2147483647 ? wait - (wait % 1) : 2147483647) : 0) + "]"), "setTimeout");
    timers[id] = callback;
    return id;
  },
  clearTimeout(id) {
    if (typeof id !== "number" || timers[id] === undefined) return;
    delete timers[id];
    check(say("x" + id), "clearTimeout");
  },
};

// Names that a helper would carry say nothing to a script.
function install(target, source) {
  for (const name in source) {
    defineProperty(source[name], "name", { value: "", configurable: true });
    defineProperty(target, name, { value: source[name], writable: true, enumerable: true, configurable: true });
  }
}
install(global, helpers);

function call(place, name, argument, given) {
  return new NativePromise((resolve, reject) => {
    let text = "";
    if (given) {
      text = json(argument);
      if (text === undefined) {
        throw plainError(NativeTypeError, "the argument of " + name + " cannot be represented as JSON");
      }
    }
    if (text.length > callBytes) check(status.callTooLarge, name);
    const id = nextCall++;
    const answer = say("c" + id + "," + place + "\n" + text);
    check(answer, name);
    pending[id] = { __proto__: null, resolve, reject, name };
  });
}

// A script may end with a value whose properties throw, or run for ever: the host has a deadline.
function read(value, key) {
  try {
    const found = value[key];
    return typeof found === "string" ? slice(found, 0, longest) : undefined;
  } catch { return undefined; }
}

function describe(value) {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  const facts = [
    ["plain", isObject ? recall(plainErrors, value) : undefined],
    ["stack", isObject ? read(value, "stack") : undefined],
    ["name", isObject ? read(value, "name") : undefined],
    ["message", isObject ? read(value, "message") : undefined],
  ];
  let string;
  try { string = slice(toString(value), 0, longest); } catch { string = "a value that cannot be turned into text"; }
  let text = '{"isError":' + (isError(value) ? "true" : "false") + ',"string":' + stringify(string);
  for (let i = 0; i < facts.length; i++) {
    if (facts[i][1] !== undefined) text += ',"' + facts[i][0] + '":' + stringify(facts[i][1]);
  }
  return text + "}";
}

return {
  begin(seed, values) {
    a = seed; b = 0x9e3779b9; c = 0x243f6a88; d = 1;
    for (let i = 0; i < 12; i++) random();
    pending = { __proto__: null };
    timers = { __proto__: null };
    stored = { __proto__: null };
    over = false;
    nextCall = 1;
    nextTimer = 1;
    if (values !== "") {
      const given = parse(values);
      const keys = ownKeys(given);
      for (let i = 0; i < keys.length; i++) {
        defineProperty(stored, keys[i], { value: given[keys[i]], writable: true, enumerable: true, configurable: true });
      }
    }
  },
  settle(id, ok, text) {
    const entry = pending[id];
    if (entry === undefined) return;
    delete pending[id];
    if (!ok) return entry.reject(toolError(entry.name, parse(text)));
    let value;
    try {
      if (text !== "") value = parse(text);
    } catch (error) {
      return entry.reject(error);
    }
    entry.resolve(value);
  },
  fire(id) {
    const callback = timers[id];
    delete timers[id];
    if (callback !== undefined) callback();
  },
  describe,
  setTools(list) {
    const tools = {};
    const all = [];
    for (const { identifier, name, description } of parse(list)) {
      const place = all.length;
      const method = { tool(argument) { return call(place, name, argument, arguments.length > 0); } }.tool;
      defineProperty(method, "name", { value: "", configurable: true });
      defineProperty(tools, identifier, { value: method, writable: true, enumerable: true, configurable: true });
      all.push({ name: identifier, description });
    }
    global.tools = tools;
    global.ALL_TOOLS = all;
  },
  addTimers() { install(global, timerHelpers); },
};
})`;
