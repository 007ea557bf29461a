// What an error's response says, as far as it may be shown.
import { HttpError } from "./errors.ts";
import type { HeaderFields } from "./headers.ts";
import type { HttpResponse } from "./response.ts";

const ERROR_BODY_BYTES = 64 * 1024;
const ERROR_BODY_WAIT_MS = 5000;
const SHORTEST_SECRET = 8;

/** The start of an error's body; a body that does not come to an end is no reason to wait. */
async function readStart(response: HttpResponse): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const deadline = setTimeout(() => response.cancel(), ERROR_BODY_WAIT_MS);
  try {
    for await (const chunk of response.body) {
      parts.push(chunk);
      size += chunk.length;
      if (size >= ERROR_BODY_BYTES) break;
    }
    response.release();
  } catch (error) {
    if (error instanceof HttpError && error.code === "aborted") throw error;
  } finally {
    clearTimeout(deadline);
  }
  return Buffer.concat(parts).subarray(0, ERROR_BODY_BYTES).toString("utf8");
}

/** Servers echo what they were sent; an error must not carry a credential further. */
function strikeOut(body: string, authHeaders: HeaderFields = {}): string {
  const secrets = Object.values(authHeaders)
    .flatMap((value) => [value, value.replace(/^\S+\s+/, "")])
    .filter((value) => value.length >= SHORTEST_SECRET);
  return secrets.reduce((text, secret) => text.replaceAll(secret, "[redacted]"), body);
}

/** The start of the body, without what `authHeaders` hold. @throws HttpError `aborted` */
export async function readErrorBody(
  response: HttpResponse,
  authHeaders: HeaderFields | undefined,
): Promise<string> {
  return strikeOut(await readStart(response), authHeaders);
}
