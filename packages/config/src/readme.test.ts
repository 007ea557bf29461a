import { runReadmeExample, temporaryHome } from "@codex-ts/test-support";
import { expect, test } from "vitest";

test("the README's example prints what counts and where it stands", async () => {
  await using home = await temporaryHome();
  await home.write({ ".codex/config.toml": 'model = "m"\n' });
  const { code, stdout, stderr } = await runReadmeExample(
    new URL("../README.md", import.meta.url),
    (specifier) => import.meta.resolve(specifier),
    { cwd: home.path, env: { ...process.env, ...home.env } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("type: 'read-only'");
  expect(stdout).toContain(`model: ${home.codexHome}/config.toml:1:9\n`);
  expect(stdout).toContain("sandbox_mode: -c sandbox_mode\n");
});
