// What one source file imports, and what it hands on under its own name.
import { Visitor, parseSync } from "oxc-parser";
import type {
  Expression,
  ModuleExportName,
  Node,
  Program,
  Statement,
  TSType,
  TSTypeName,
} from "oxc-parser";
import { WorkspaceError, lineAt } from "./workspace.ts";

/** A module specifier as it stands in the source, wherever it stands: import, export, `import()`, type, `require`. */
export interface ModuleReference {
  readonly specifier: string;
  readonly line: number;
}

/** An exported name that is another module's name, under its own or a new one. */
export interface ReExport {
  /** `*` for `export * from`. */
  readonly exported: string;
  readonly specifier: string;
  readonly line: number;
}

export interface ModuleRecord {
  readonly references: readonly ModuleReference[];
  readonly reExports: readonly ReExport[];
}

interface Binding {
  readonly specifier: string;
  readonly namespace: boolean;
}

function nameOf(name: ModuleExportName): string {
  return name.type === "Literal" ? name.value : name.name;
}

/** The specifiers of `references`, in source order. */
function findReferences(program: Program, text: string): ModuleReference[] {
  const found: { readonly specifier: string; readonly offset: number }[] = [];
  const note = (node: Node | null | undefined) => {
    if (node?.type === "Literal" && typeof node.value === "string") {
      found.push({ specifier: node.value, offset: node.start });
    } else if (node?.type === "TemplateLiteral" && node.expressions.length === 0) {
      found.push({ specifier: node.quasis[0]?.value.cooked ?? "", offset: node.start });
    }
  };
  new Visitor({
    ImportDeclaration: (node) => note(node.source),
    ExportAllDeclaration: (node) => note(node.source),
    ExportNamedDeclaration: (node) => note(node.source),
    ImportExpression: (node) => note(node.source),
    TSImportType: (node) => note(node.source),
    TSExternalModuleReference: (node) => note(node.expression),
    TSModuleDeclaration: (node) => note(node.id),
    CallExpression: ({ callee, arguments: [first] }) => {
      if (isModuleLoader(callee)) note(first);
    },
  }).visit(program);
  return found
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ specifier, offset }) => ({ specifier, line: lineAt(text, offset) }));
}

/** `require(…)`, `require.resolve(…)` and `import.meta.resolve(…)`. */
function isModuleLoader(callee: Expression): boolean {
  if (callee.type === "Identifier") return callee.name === "require";
  if (callee.type !== "MemberExpression" || callee.computed) return false;
  if (callee.property.type !== "Identifier" || callee.property.name !== "resolve") return false;
  const { object } = callee;
  return (
    (object.type === "Identifier" && object.name === "require") || object.type === "MetaProperty"
  );
}

function importBindings(statement: Statement): [string, Binding][] {
  if (statement.type === "ImportDeclaration") {
    const specifier = statement.source.value;
    return statement.specifiers.map(({ local, type }) => [
      local.name,
      { specifier, namespace: type === "ImportNamespaceSpecifier" },
    ]);
  }
  if (
    statement.type === "TSImportEqualsDeclaration" &&
    statement.moduleReference.type === "TSExternalModuleReference"
  ) {
    const specifier = statement.moduleReference.expression.value;
    return [[statement.id.name, { specifier, namespace: true }]];
  }
  return [];
}

/** Resolves an expression or type that is nothing but a name of another module. */
function bareName(
  node: Expression | TSType | TSTypeName | null | undefined,
  bindings: ReadonlyMap<string, Binding>,
): Binding | undefined {
  switch (node?.type) {
    case "Identifier":
      return bindings.get(node.name);
    case "MemberExpression": {
      const object = bareName(node.object, bindings);
      return object?.namespace === true ? { ...object, namespace: false } : undefined;
    }
    case "TSQualifiedName": {
      const left = bareName(node.left, bindings);
      return left?.namespace === true ? { ...left, namespace: false } : undefined;
    }
    case "TSTypeReference":
      return node.typeArguments === null ? bareName(node.typeName, bindings) : undefined;
    case "TSTypeQuery":
      return node.exprName.type === "TSImportType" ? undefined : bareName(node.exprName, bindings);
    case "TSImportType":
      return node.typeArguments === null
        ? { specifier: node.source.value, namespace: false }
        : undefined;
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "ParenthesizedExpression":
      return bareName(node.expression, bindings);
    default:
      return undefined;
  }
}

/** Names that a declaration gives to nothing but another module's name. */
function aliases(
  declaration: Statement | null,
  bindings: ReadonlyMap<string, Binding>,
): [string, Binding][] {
  switch (declaration?.type) {
    case "TSTypeAliasDeclaration": {
      const target = bareName(declaration.typeAnnotation, bindings);
      return target === undefined ? [] : [[declaration.id.name, target]];
    }
    case "VariableDeclaration":
      return declaration.declarations.flatMap(({ id, init }): [string, Binding][] => {
        const target = bareName(init, bindings);
        return target === undefined || id.type !== "Identifier" ? [] : [[id.name, target]];
      });
    case "TSImportEqualsDeclaration": {
      const { moduleReference } = declaration;
      if (moduleReference.type === "TSExternalModuleReference") return importBindings(declaration);
      const target = bareName(moduleReference, bindings);
      return target === undefined ? [] : [[declaration.id.name, target]];
    }
    default:
      return [];
  }
}

function findReExports(program: Program, text: string): ReExport[] {
  const bindings = new Map<string, Binding>();
  for (const statement of program.body) {
    for (const [name, binding] of importBindings(statement)) bindings.set(name, binding);
  }
  for (const statement of program.body) {
    const declaration =
      statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    for (const [name, binding] of aliases(declaration, bindings)) bindings.set(name, binding);
  }

  return program.body.flatMap((statement): ReExport[] => {
    const handOn = (exported: string, binding: Binding | undefined, offset: number): ReExport[] =>
      binding === undefined
        ? []
        : [{ exported, specifier: binding.specifier, line: lineAt(text, offset) }];
    switch (statement.type) {
      case "ExportAllDeclaration": {
        const exported = statement.exported === null ? "*" : nameOf(statement.exported);
        return handOn(
          exported,
          { specifier: statement.source.value, namespace: false },
          statement.start,
        );
      }
      case "ExportDefaultDeclaration":
        return handOn(
          "default",
          bareName(statement.declaration as Expression, bindings),
          statement.start,
        );
      case "TSExportAssignment":
        return handOn("=", bareName(statement.expression, bindings), statement.start);
      case "ExportNamedDeclaration": {
        const { source } = statement;
        const listed = statement.specifiers.flatMap(({ local, exported, start }) =>
          handOn(
            nameOf(exported),
            source === null
              ? bindings.get(nameOf(local))
              : { specifier: source.value, namespace: false },
            start,
          ),
        );
        const declared = aliases(statement.declaration, bindings).flatMap(([name, binding]) =>
          handOn(name, binding, statement.start),
        );
        return [...listed, ...declared];
      }
      default:
        return [];
    }
  });
}

/**
 * Parses one JavaScript or TypeScript file.
 *
 * @param path - names the file in errors and decides the dialect by its extension
 * @throws {WorkspaceError} when the file does not parse.
 */
export function readModuleRecord(path: string, text: string): ModuleRecord {
  const { program, errors } = parseSync(path, text);
  const [first] = errors;
  if (first !== undefined) {
    throw new WorkspaceError(path, lineAt(text, first.labels[0]?.start ?? 0), first.message);
  }
  return {
    references: findReferences(program, text),
    reExports: findReExports(program, text),
  };
}
