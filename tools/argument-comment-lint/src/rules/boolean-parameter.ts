// argument-comment/boolean-parameter: where a comment would be needed at every call, say it in the type.
import type { TSESLint, TSESTree } from "@typescript-eslint/utils";

type FunctionLike =
  | TSESTree.FunctionDeclaration
  | TSESTree.FunctionExpression
  | TSESTree.ArrowFunctionExpression
  | TSESTree.TSMethodSignature
  | TSESTree.TSFunctionType;

/** Off unless it is asked for: it speaks of declarations, where the other rules speak of calls. */
export const booleanParameter: TSESLint.RuleModule<"boolean"> = {
  meta: {
    type: "suggestion",
    docs: { description: "A parameter that is only true or false would read better in an object" },
    schema: [],
    messages: {
      boolean:
        "Calls will read `{{name}}` as a bare true or false: take an options object, a word, or make two functions",
    },
  },
  create(context) {
    const visit = ({ params }: FunctionLike): void => {
      // A single flag is the whole point of such a function: `setEnabled(true)`.
      if (params.length < 2) return;
      for (const parameter of params) {
        const bare = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
        if (bare.type !== "Identifier" || bare.name.startsWith("_")) continue;
        const isBoolean =
          bare.typeAnnotation?.typeAnnotation.type === "TSBooleanKeyword" ||
          (parameter.type === "AssignmentPattern" &&
            parameter.right.type === "Literal" &&
            typeof parameter.right.value === "boolean");
        if (isBoolean) {
          context.report({ node: bare, messageId: "boolean", data: { name: bare.name } });
        }
      }
    };
    return {
      FunctionDeclaration: visit,
      FunctionExpression: visit,
      ArrowFunctionExpression: visit,
      TSMethodSignature: visit,
      TSFunctionType: visit,
    };
  },
};
