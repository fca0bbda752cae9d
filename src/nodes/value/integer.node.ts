import { defineNode, port } from "../../engine/node/define-node.ts";
import { int } from "../../engine/node/params.ts";
import { intType } from "../../engine/node/socket-type.ts";

export default defineNode({
  type: "value/integer",
  version: 1,
  title: "Integer",
  doc: "A whole number that can drive the parameters of several nodes.",
  keywords: ["number", "int", "constant", "steps"],
  inputs: {},
  params: { value: int({ default: 0, doc: "The number." }) },
  outputs: { value: port(intType, "The number.", "= value") },
  run: ({ params }) => ({ value: params.value }),
});
