// The process that renews the stored login and then ends. It lives in a session of its own, so that
// nothing that ends whoever wants the new tokens ends it between the authority's answer and the save.
// What it is to do comes over standard input, what came of it goes to standard output.
import { pathToFileURL } from "node:url";
import { openAuthorityTransport } from "./authority.ts";
import { createCredentialStore } from "./credential-store.ts";
import { TokenRefreshError } from "./errors.ts";
import { type RenewalOrder, encodeOutcome, isRenewalOrder } from "./renewal-order.ts";
import { type RenewalOutcome, renewStoredLogin } from "./renewal.ts";

// Only as the program of a process: who imports it gets nothing.
if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) void run();

async function run(): Promise<void> {
  // A session that ends, or a service manager that stops all of a service, gives a moment: that is enough.
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  // Whoever wanted to know may be gone.
  process.stdout.on("error", () => {});
  const order = await readOrder();
  // Without one, whoever was to give it has ended before it could, or is of another version.
  if (order !== null) tell(await carryOut(order));
}

async function readOrder(): Promise<RenewalOrder | null> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  try {
    const order: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    return isRenewalOrder(order) ? order : null;
  } catch {
    return null;
  }
}

async function carryOut(order: RenewalOrder): Promise<RenewalOutcome> {
  const deadline = setTimeout(() => {
    tell(overdue(order.deadlineMs));
    // oxlint-disable-next-line unicorn/no-process-exit -- something hangs, and would keep the process
    process.exit(1);
  }, order.deadlineMs);
  await using transport = await openAuthorityTransport(order.transport);
  const store = createCredentialStore(order.store.mode, order.store);
  const outcome = await renewStoredLogin(order.request, {
    store,
    transport,
    now: () => new Date(),
  });
  clearTimeout(deadline);
  return outcome;
}

function overdue(deadlineMs: number): RenewalOutcome {
  const message = `the ChatGPT login could not be renewed within ${deadlineMs / 1000} seconds; try again later`;
  return {
    kind: "failed",
    error: new TokenRefreshError(/*refusal*/ null, message),
    isFinal: false,
  };
}

function tell(outcome: RenewalOutcome): void {
  process.stdout.write(encodeOutcome(outcome));
}
