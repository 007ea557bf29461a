import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { SandboxPolicy } from "@codex-ts/protocol";
import { resolveContext, writableRoots } from "@codex-ts/sandboxing";

/** The folders that a policy lets commands write to; empty when everything may be written. */
export function writableRootPaths(
  policy: SandboxPolicy,
  cwd: AbsolutePath,
  env: Readonly<Record<string, string>>,
): readonly AbsolutePath[] {
  const { fileSystem, paths } = resolveContext(
    { policy, policyCwd: cwd },
    { tmpdir: env["TMPDIR"], home: env["HOME"] },
  );
  return writableRoots(fileSystem, paths).map(({ root }) => root);
}
