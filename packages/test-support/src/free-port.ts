import { createServer } from "node:net";

/**
 * A TCP port of 127.0.0.1 on which nothing listens right now. Another program may take it before the
 * test does: where the server under test can bind port 0 itself, do that instead.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no TCP address was given");
  return address.port;
}
