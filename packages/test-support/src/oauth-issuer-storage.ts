// Where the issuer of the tests keeps its tokens: in memory, one storage for each issuer.
import type { Adapter, AdapterPayload } from "oidc-provider";

interface Stored {
  readonly payload: AdapterPayload;
  consumed: boolean;
}

/** The adapter factory of one issuer. */
export function createIssuerStorage(): (model: string) => Adapter {
  const stored = new Map<string, Stored>();

  return (model) => {
    const keyOf = (id: string) => `${model}:${id}`;

    function read(entry: Stored | undefined): AdapterPayload | undefined {
      if (entry === undefined) return undefined;
      const { consumed: _, ...payload } = entry.payload;
      return entry.consumed ? { ...payload, consumed: true } : payload;
    }

    const findBy = (field: "uid" | "userCode", value: string) =>
      read([...stored.values()].find(({ payload }) => payload[field] === value));

    return {
      upsert: async (id, payload) => {
        stored.set(keyOf(id), { payload, consumed: false });
      },
      find: async (id) => read(stored.get(keyOf(id))),
      findByUid: async (uid) => findBy("uid", uid),
      findByUserCode: async (userCode) => findBy("userCode", userCode),
      consume: async (id) => {
        const entry = stored.get(keyOf(id));
        if (entry !== undefined) entry.consumed = true;
      },
      destroy: async (id) => {
        stored.delete(keyOf(id));
      },
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of stored) {
          if (payload.grantId === grantId) stored.delete(key);
        }
      },
    };
  };
}
