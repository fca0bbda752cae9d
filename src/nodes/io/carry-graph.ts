import type { GraphDocument } from "../../engine/graph/document.ts";
import { withGraph } from "../../engine/graph/graph-in-png.ts";
import { isPng } from "../../engine/graph/png-text.ts";
import type { FileSink } from "../sources/sources.ts";

/** Writes files like `files`, and lets each PNG carry the graph that made it. */
export const carryingGraph = (files: FileSink, document: GraphDocument): FileSink => ({
  write: (path, bytes) => files.write(path, isPng(bytes) ? withGraph(bytes, document) : bytes),
});
