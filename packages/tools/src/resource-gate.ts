// Which calls may overlap: a first-come queue of readers and writers over named resources.
import { settledOrAborted } from "./abort.ts";

/** What a call needs while it runs: `shared` with other readers of the resource, or alone. */
export interface ResourceClaim {
  /** Any name; equal names are the same resource. */
  readonly resource: string;
  readonly mode: "shared" | "exclusive";
}

/** A call's place in the queue. */
export interface GateTicket {
  /** Resolves when the claims are held. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<void>;
  /** Lets go of the claims for as long as `work` takes, then waits until they are held again. */
  suspend<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Lets go of the claims for good. */
  leave(): void;
}

interface Place {
  readonly claims: readonly ResourceClaim[];
  state: "suspended" | "waiting" | "held";
  admission: PromiseWithResolvers<void>;
}

/**
 * Grants claims in the order in which tickets were drawn: a call waits for earlier ones that it
 * conflicts with, and only for those. A suspended call stands in nobody's way.
 */
export class ResourceGate {
  readonly #places: Place[] = [];

  /** Draws the next ticket. The order of the calls of this method is the order of the queue. */
  queue(claims: readonly ResourceClaim[]): GateTicket {
    const place: Place = { claims, state: "waiting", admission: Promise.withResolvers() };
    this.#places.push(place);
    this.#admitWaiting();
    return {
      enter: (signal) => settledOrAborted(place.admission.promise, signal),
      suspend: async (work, signal) => {
        place.state = "suspended";
        place.admission = Promise.withResolvers();
        this.#admitWaiting();
        const result = await work();
        place.state = "waiting";
        this.#admitWaiting();
        await settledOrAborted(place.admission.promise, signal);
        return result;
      },
      leave: () => {
        const index = this.#places.indexOf(place);
        if (index === -1) return;
        this.#places.splice(index, 1);
        this.#admitWaiting();
      },
    };
  }

  #admitWaiting(): void {
    for (const [index, place] of this.#places.entries()) {
      if (place.state !== "waiting") continue;
      const isBlocked = this.#places.some(
        (other, otherIndex) =>
          (other.state === "held" || (other.state === "waiting" && otherIndex < index)) &&
          conflict(place.claims, other.claims),
      );
      if (isBlocked) continue;
      place.state = "held";
      place.admission.resolve();
    }
  }
}

function conflict(first: readonly ResourceClaim[], second: readonly ResourceClaim[]): boolean {
  return first.some((a) =>
    second.some(
      (b) => a.resource === b.resource && (a.mode === "exclusive" || b.mode === "exclusive"),
    ),
  );
}
