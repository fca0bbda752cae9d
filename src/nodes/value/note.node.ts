import { defineNode } from "../../engine/node/define-node.ts";
import { text } from "../../engine/node/params.ts";

export default defineNode({
  type: "value/note",
  version: 1,
  title: "Note",
  doc: "Words for whoever reads the graph. It does nothing when the graph runs.",
  keywords: ["comment", "help"],
  inputs: {},
  params: { text: text({ default: "", multiline: true, doc: "What the note says." }) },
  outputs: {},
  run: () => ({}),
});
