import { describeNodes } from "../nodes/describe.ts";

/** Prints what nodes there are. */
export function listNodes(json: boolean): number {
  const description = describeNodes();
  if (json) {
    console.log(JSON.stringify(description, undefined, 2));
    return 0;
  }
  for (const node of Object.values(description.nodes)) {
    console.log(`${node.type}: ${node.title}\n  ${node.doc}`);
    for (const [name, port] of Object.entries(node.inputs)) {
      console.log(`  > ${name} (${port.type}${port.optional ? ", optional" : ""}): ${port.doc}`);
    }
    for (const [name, param] of Object.entries(node.params)) {
      const values = param.kind === "choice" ? ` of ${param.options.join(" | ")}` : "";
      console.log(`  = ${name} (${param.kind}${values}; ${JSON.stringify(param.default)}): ${param.doc}`);
    }
    for (const [name, port] of Object.entries(node.outputs))
      console.log(`  < ${name} (${port.type}): ${port.doc}`);
    console.log();
  }
  return 0;
}
