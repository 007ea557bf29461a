// The exported names that no doc comment explains.
import { relative } from "node:path";
import type ts from "typescript";
import { type EntryPoint, exportedSymbols, type PackageFace } from "./api-page.ts";

export interface Undocumented {
  readonly package: string;
  readonly name: string;
  /** Of the first declaration, from the workspace's root on. */
  readonly file: string;
  readonly line: number;
}

/** Each exported name once, even where several entries of a package export it. Names of dependencies are left out. */
export function undocumentedExports(
  root: string,
  faces: readonly PackageFace[],
  program: ts.Program,
): Undocumented[] {
  return faces.flatMap((face) => {
    const found = face.entries.flatMap((entry) => undocumentedOf(root, face, entry, program));
    return [...new Map(found.map((one) => [`${one.file}:${one.line} ${one.name}`, one])).values()];
  });
}

function undocumentedOf(
  root: string,
  face: PackageFace,
  entry: EntryPoint,
  program: ts.Program,
): Undocumented[] {
  const checker = program.getTypeChecker();
  return exportedSymbols(entry, program).flatMap(({ name, symbol }) => {
    if (symbol.getDocumentationComment(checker).length > 0) return [];
    const declaration = symbol.declarations?.[0];
    if (declaration === undefined) return [];
    const file = declaration.getSourceFile();
    // A dependency's name, such as a type that a signature needs: its own documentation explains it.
    if (program.isSourceFileFromExternalLibrary(file)) return [];
    const { line } = file.getLineAndCharacterOfPosition(declaration.getStart());
    return [{ package: face.name, name, file: relative(root, file.fileName), line: line + 1 }];
  });
}
