import type { NodeDefinition } from "../node/define-node.ts";

/**
 * The input or parameter that a node's message is about. Messages begin with its name (`sample is [1, 28, 28, 3]; …`), or with what a
 * parameter holds, in quotes (`"hf:org/name" is not there`).
 */
export function portNamed(
  message: string,
  definition: NodeDefinition | undefined,
  params: Readonly<Record<string, unknown>> = {},
): string | undefined {
  if (definition === undefined) return undefined;
  const [first = ""] = /^[A-Za-z][A-Za-z0-9]*/.exec(message) ?? [];
  if (Object.hasOwn(definition.inputs, first) || Object.hasOwn(definition.params, first)) return first;
  return Object.keys(definition.params).find((name) => {
    const value = params[name];
    return typeof value === "string" && value !== "" && message.startsWith(`"${value}"`);
  });
}
