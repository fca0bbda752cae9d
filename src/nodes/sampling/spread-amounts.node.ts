import { defineNode, port } from "../../engine/node/define-node.ts";
import { float } from "../../engine/node/params.ts";
import { amountType, latentType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/spread-amounts",
  version: 1,
  title: "Spread amounts",
  doc: "Amounts at even distances, one for each picture (torch.linspace): to look at growing corruption side by side.",
  keywords: ["linspace", "course"],
  inputs: { like: port(latentType, "The batch: one amount for each of its pictures.") },
  params: {
    first: float({ default: 0, min: 0, max: 1, step: 0.05, doc: "Amount of the first picture." }),
    last: float({ default: 1, min: 0, max: 1, step: 0.05, doc: "Amount of the last picture." }),
  },
  outputs: { amounts: port(amountType, "One amount for each picture.") },
  run: ({ inputs, params: { first, last } }) => {
    const count = inputs.like.shape[0];
    const amounts = Array.from({ length: count }, (_, i) =>
      count === 1 ? first : first + ((last - first) * i) / (count - 1),
    );
    return { amounts };
  },
});
