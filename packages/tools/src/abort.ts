/** Waits for `promise`, or rejects with the signal's reason when that aborts first. */
export async function settledOrAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Waits for `promise` for at most `milliseconds`; `undefined` when time is up or the signal aborts. */
export async function withinTime<T>(
  promise: Promise<T>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const over = Promise.withResolvers<undefined>();
  const stop = (): void => over.resolve(undefined);
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(stop, milliseconds);
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}
