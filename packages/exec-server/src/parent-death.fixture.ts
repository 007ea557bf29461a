// Test support: a program that starts a command with children and grandchildren, says so, and stays.
import { collect, type Kind, makeEnvironment } from "./test-environment.fixture.ts";

const [kind = "unconfined", channel = "pipes", mark = "", children = "attached"] =
  process.argv.slice(2);
const [name = "", value = ""] = mark.split("=");
const made = makeEnvironment(kind as Kind);
const inSession = "bash -c 'sleep 1000 & wait' &";
// Forked twice, in a session of its own; the mark lets it be told from the others.
const detached = "(DETACHED=1 setsid sh -c 'sleep 1000 & echo started; wait' &);";
const script =
  children === "detached" ? `${inSession} ${detached} wait` : `${inSession} echo started; wait`;
const request = made.request(
  ["bash", "-c", script],
  channel === "terminal" ? { terminal: { rows: 24, cols: 80 } } : {},
);
const running = await made.environment.start({
  ...request,
  command: { ...request.command, env: { ...request.command.env, [name]: value } },
});
await collect(running).until(/started/);
process.stdout.write("up\n");
if (channel === "leave") process.kill(process.pid, "SIGTERM");
