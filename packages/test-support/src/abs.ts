import { type AbsolutePath, parseAbsolutePath } from "@codex-ts/absolute-path";

/** Brands a literal path of a test: `abs("/work/app")`. @throws AbsolutePathError when it is relative. */
export function abs(path: string): AbsolutePath {
  return parseAbsolutePath(path);
}
