// Asking an AuthSource, whose failures are failures of the request.
import { type AuthSource, type RequestAuth, ResponsesError } from "./contract.ts";
import { authFailedError } from "./map-error.ts";

/** @throws ResponsesError */
export async function currentAuth(source: AuthSource, signal: AbortSignal): Promise<RequestAuth> {
  try {
    return await source.current(signal);
  } catch (error) {
    throw error instanceof ResponsesError ? error : authFailedError(error);
  }
}

/** @throws ResponsesError */
export async function recoverAuth(
  source: AuthSource,
  used: RequestAuth,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await source.recover(used, signal);
  } catch (error) {
    throw error instanceof ResponsesError ? error : authFailedError(error);
  }
}
