import { expose } from "comlink";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { withGraph } from "../../engine/graph/graph-in-png.ts";
import { encodePng } from "../../nodes/image/encode.ts";
import type { Pixels } from "../../nodes/image/pixels.ts";
import { shrink } from "./shrink.ts";

/** Longest side of the small picture that the library shows. */
const SMALL = 240;

/** Packs pictures away from the page, which a picture of a thousand pixels a side would hold up. */
const packer = {
  /** The picture as PNG that carries its graph, and a small one for lists. */
  pack(pixels: Pixels, document: GraphDocument): { file: Blob; small: Uint8Array } {
    const file = withGraph(encodePng(pixels), document);
    return {
      file: new Blob([file as BlobPart], { type: "image/png" }),
      small: encodePng(shrink(pixels, SMALL)),
    };
  },
};

export type Packer = typeof packer;

expose(packer);
