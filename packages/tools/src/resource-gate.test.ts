import { describe, expect, test } from "vitest";
import { type ResourceClaim, ResourceGate } from "./resource-gate.ts";

const never = new AbortController().signal;
const shared: readonly ResourceClaim[] = [{ resource: "files", mode: "shared" }];
const alone: readonly ResourceClaim[] = [{ resource: "files", mode: "exclusive" }];

/** Runs until every promise that can settle has. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Queues claims in order and notes the names of those that are let in. */
function enterAll(gate: ResourceGate, claims: Record<string, readonly ResourceClaim[]>) {
  const entered: string[] = [];
  const tickets = Object.entries(claims).map(([name, claim]) => {
    const ticket = gate.queue(claim);
    void ticket.enter(never).then(() => entered.push(name));
    return [name, ticket] as const;
  });
  return { entered, tickets: Object.fromEntries(tickets) };
}

describe("ResourceGate", () => {
  test("readers share, a writer waits for them, and later readers wait for the writer", async () => {
    const { entered, tickets } = enterAll(new ResourceGate(), {
      r1: shared,
      r2: shared,
      w: alone,
      r3: shared,
    });
    await settle();
    expect(entered).toEqual(["r1", "r2"]);
    tickets["r2"]?.leave();
    await settle();
    expect(entered).toEqual(["r1", "r2"]);
    tickets["r1"]?.leave();
    await settle();
    expect(entered).toEqual(["r1", "r2", "w"]);
    tickets["w"]?.leave();
    await settle();
    expect(entered).toEqual(["r1", "r2", "w", "r3"]);
  });

  test("writers are let in one at a time, in the order of the queue", async () => {
    const { entered, tickets } = enterAll(new ResourceGate(), { a: alone, b: alone, c: alone });
    for (const name of ["a", "b", "c"]) {
      await settle();
      expect(entered.at(-1)).toBe(name);
      tickets[name]?.leave();
    }
  });

  test("other resources are not waited for", async () => {
    const { entered } = enterAll(new ResourceGate(), {
      one: [{ resource: "process 1", mode: "exclusive" }],
      two: [{ resource: "process 2", mode: "exclusive" }],
      oneAgain: [{ resource: "process 1", mode: "exclusive" }],
      none: [],
    });
    await settle();
    expect(entered).toEqual(["one", "two", "none"]);
  });

  test("a suspended writer lets others in and comes back before later ones", async () => {
    const gate = new ResourceGate();
    const { entered, tickets } = enterAll(gate, { first: alone, second: alone });
    await settle();
    const asked = Promise.withResolvers<string>();
    const back = tickets["first"]?.suspend(() => asked.promise, never);
    await settle();
    expect(entered).toEqual(["first", "second"]);

    const third = gate.queue(alone);
    void third.enter(never).then(() => entered.push("third"));
    asked.resolve("yes");
    void back?.then((answer) => entered.push(`first again: ${answer}`));
    await settle();
    expect(entered).toEqual(["first", "second"]);
    tickets["second"]?.leave();
    await settle();
    expect(entered).toEqual(["first", "second", "first again: yes"]);
    tickets["first"]?.leave();
    await settle();
    expect(entered.at(-1)).toBe("third");
  });

  test("an aborted wait rejects with the reason, and leaving frees the place", async () => {
    const gate = new ResourceGate();
    const { entered, tickets } = enterAll(gate, { holder: alone });
    const waiting = gate.queue(alone);
    const { entered: later } = enterAll(gate, { reader: shared });
    const abort = new AbortController();
    const entering = waiting.enter(abort.signal);
    abort.abort(new Error("interrupted"));
    await expect(entering).rejects.toThrow("interrupted");
    waiting.leave();
    tickets["holder"]?.leave();
    await settle();
    expect([...entered, ...later]).toEqual(["holder", "reader"]);
  });
});
