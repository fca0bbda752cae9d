import { port } from "../../engine/node/define-node.ts";
import { defineZone } from "../../engine/node/define-zone.ts";
import { int } from "../../engine/node/params.ts";
import { intType } from "../../engine/node/socket-type.ts";

export default defineZone({
  kind: "repeat",
  title: "Repeat",
  doc: "Runs its body a number of times.",
  begin: {
    type: "zones/repeat-begin",
    version: 1,
    title: "Repeat begin",
    doc: "Start of the loop: hands out the counter and what the last iteration carried over.",
    inputs: {},
    params: {
      count: int({ default: 5, min: 0, max: 1_000_000, unit: "times", doc: "How often the body runs." }),
    },
    outputs: {
      index: port(intType, "The counter, from 0."),
      total: port(intType, "How often the body runs."),
    },
  },
  end: {
    type: "zones/repeat-end",
    version: 1,
    title: "Repeat end",
    doc: "End of the loop: takes what is carried over, and hands out the last of it.",
    inputs: {},
    outputs: {},
  },
  start: ({ params: { count } }) => ({
    total: count,
    next: (index) => (index < count ? { index, total: count } : undefined),
    finish: () => ({}),
  }),
});
