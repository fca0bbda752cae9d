import { defineNode, port } from "../../engine/node/define-node.ts";
import { text } from "../../engine/node/params.ts";
import { textType } from "../../engine/node/socket-type.ts";

export default defineNode({
  type: "value/text",
  version: 1,
  title: "Text",
  doc: "A piece of text that can drive the parameters of several nodes.",
  keywords: ["string", "prompt"],
  inputs: {},
  params: { value: text({ default: "", multiline: true, doc: "The text." }) },
  outputs: { value: port(textType, "The text.") },
  run: ({ params }) => ({ value: params.value }),
});
