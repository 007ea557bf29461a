// Test support: a program that starts a command with children and grandchildren, says so, and stays.
import { collect, type Kind, makeEnvironment } from "./test-environment.fixture.ts";

const [kind = "unconfined", channel = "pipes", mark = ""] = process.argv.slice(2);
const [name = "", value = ""] = mark.split("=");
const made = makeEnvironment(kind as Kind);
const request = made.request(
  ["bash", "-c", "bash -c 'sleep 1000 & wait' & echo started; wait"],
  channel === "terminal" ? { terminal: { rows: 24, cols: 80 } } : {},
);
const running = await made.environment.start({
  ...request,
  command: { ...request.command, env: { ...request.command.env, [name]: value } },
});
await collect(running).until(/started/);
process.stdout.write("up\n");
if (channel === "leave") process.kill(process.pid, "SIGTERM");
