import { defineNode } from "../../engine/node/define-node.ts";
import { anyType } from "../../engine/node/socket-type.ts";

export default defineNode({
  type: "value/reroute",
  version: 1,
  title: "Reroute",
  doc: "A bend in a wire: hands on what it is given.",
  keywords: ["dot", "wire", "pass"],
  inputs: { value: { type: anyType, doc: "Anything." } },
  params: {},
  outputs: { value: { type: anyType, doc: "The same.", typeFrom: "value" } },
  run: ({ inputs: { value } }) => ({ value }),
});
