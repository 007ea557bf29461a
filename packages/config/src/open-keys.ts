/** Keys that begin so are accepted unseen: they belong to features that change often. */
export const openKeyPrefixes: readonly string[] = ["experimental_realtime_"];
