import type { GraphDocument } from "../../engine/graph/document.ts";
import { GRAPH_KEYWORD } from "../../engine/graph/graph-in-png.ts";
import { isPng, readPngTexts } from "../../engine/graph/png-text.ts";
import { importComfy, isComfy } from "./comfyui/import.ts";
import { readGraph } from "./read-graph.ts";

/** A graph that came from a file. */
export interface OpenedGraph {
  readonly document: GraphDocument;
  /** What could not be taken over as it was, in words. */
  readonly notes: readonly string[];
}

/** A gigabyte of zeros is no graph, and no picture that carries one is so large. */
const MOST_BYTES = 200_000_000;

/**
 * Reads a graph from a file: JSON, a picture that carries one, or a workflow of ComfyUI.
 *
 * @throws Error that says what the file is and what to do, if it holds no graph
 */
export async function openGraphFile(file: File): Promise<OpenedGraph> {
  if (file.size > MOST_BYTES) throw new Error("It has more than 200 MB: this is no graph.");
  return openGraphBytes(new Uint8Array(await file.arrayBuffer()));
}

export function openGraphBytes(bytes: Uint8Array): OpenedGraph {
  if (isPng(bytes)) return fromPicture(bytes);
  const kind = kindOf(bytes);
  if (kind !== undefined) throw new Error(kind);
  return openGraphText(new TextDecoder().decode(bytes));
}

export function openGraphText(text: string): OpenedGraph {
  const workflow = jsonOf(text);
  if (isComfy(workflow)) return importComfy(workflow);
  return { document: readGraph(text), notes: [] };
}

function fromPicture(bytes: Uint8Array): OpenedGraph {
  const texts = new Map(readPngTexts(bytes).map(({ keyword, text }) => [keyword, text]));
  const own = texts.get(GRAPH_KEYWORD);
  if (own !== undefined) return { document: readGraph(own), notes: [] };
  // The prompt has its values by name, the workflow by position: the prompt is read first.
  for (const keyword of ["prompt", "workflow"]) {
    const workflow = jsonOf(texts.get(keyword) ?? "");
    if (isComfy(workflow)) return importComfy(workflow);
  }
  const settings = texts.get("parameters");
  if (settings !== undefined) {
    throw new Error(
      `This picture was made by Stable Diffusion web UI. It carries settings and no graph: ${settings.slice(0, 300)}`,
    );
  }
  if (texts.has("invokeai_metadata") || texts.has("invokeai_graph"))
    throw new Error("This picture was made by InvokeAI, whose graphs cannot be opened here.");
  throw new Error("This picture carries no graph. To use it as a picture, drop it on a node that loads one.");
}

/** What a file is that certainly holds no graph, and what to do with it. */
function kindOf(bytes: Uint8Array): string | undefined {
  const starts = (...head: number[]): boolean => head.every((byte, index) => bytes[index] === byte);
  if (bytes.byteLength === 0) return "The file is empty.";
  if (starts(0xff, 0xd8, 0xff) || starts(0x52, 0x49, 0x46, 0x46) || starts(0x47, 0x49, 0x46))
    return "Only PNG pictures carry a graph. To use it as a picture, drop it on a node that loads one.";
  if (starts(0x50, 0x4b, 3, 4)) return "This is an archive (zip). Unpack it, and open the graph file in it.";
  if (starts(0x1f, 0x8b)) return "This is a packed file (gzip). Unpack it, and open the graph file in it.";
  if (bytes.byteLength > 9 && bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0))
    return "This is a file of weights (safetensors). Drop it on a node that loads a model.";
  return undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
