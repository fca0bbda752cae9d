import { defineNode, port } from "../../engine/node/define-node.ts";
import { float } from "../../engine/node/params.ts";
import { floatType } from "../../engine/node/socket-type.ts";

export default defineNode({
  type: "value/number",
  version: 1,
  title: "Number",
  doc: "A number that can drive the parameters of several nodes.",
  keywords: ["float", "constant"],
  inputs: {},
  params: { value: float({ default: 1, doc: "The number." }) },
  outputs: { value: port(floatType, "The number.") },
  run: ({ params }) => ({ value: params.value }),
});
