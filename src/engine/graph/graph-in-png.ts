import type { GraphDocument } from "./document.ts";
import { readPngTexts, writePngText } from "./png-text.ts";
import { serializeDocument } from "./serialize.ts";

/** Under this keyword a PNG carries the graph that made it: the same text as a graph file. */
export const GRAPH_KEYWORD = "latent-loom";

/** The picture with the graph that made it. */
export const withGraph = (png: Uint8Array, document: GraphDocument): Uint8Array =>
  writePngText(png, { keyword: GRAPH_KEYWORD, text: serializeDocument(document) });

/**
 * The text of the graph that a PNG carries; undefined if it carries none.
 *
 * @throws Error in words if it is packed and damaged or far too large
 */
export const graphTextOf = (png: Uint8Array): string | undefined =>
  readPngTexts(png).find(({ keyword }) => keyword === GRAPH_KEYWORD)?.text;
