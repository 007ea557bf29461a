// The part of V8's memory where objects begin, kept small while a history is read.

/** The releases of Node whose V8 is known to have the option; another one would complain on stderr. */
const knownNodes = new Set(["22", "23", "24"]);
const USUAL_GROWTH = 2;

/**
 * Runs `read`, which makes much that lives on, without letting the young generation grow meanwhile. V8
 * doubles it whenever much survives, up to 100 MB: room for short-lived objects, of which there are none
 * here, and copied again and again until then.
 */
export async function withSmallYoungGeneration<T>(read: () => Promise<T>): Promise<T> {
  const [major = ""] = process.versions.node.split(".");
  if (!knownNodes.has(major)) return read();
  const v8 = process.getBuiltinModule("node:v8");
  const grow = (factor: number): void =>
    v8.setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  grow(/*factor*/ 1);
  try {
    return await read();
  } finally {
    grow(USUAL_GROWTH);
  }
}
