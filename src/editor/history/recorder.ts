import { wrap } from "comlink";
import type { Remote } from "comlink";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { expand } from "../../engine/graph/expand.ts";
import type { EditorSession } from "../store/session.ts";
import type { PictureHistory } from "./history.ts";
import { picturesOfRun } from "./pictures-of-run.ts";
import type { Packer } from "./png.worker.ts";

export interface RecorderParts {
  readonly session: EditorSession;
  readonly history: PictureHistory;
  /** What runs go on, for example `wasm`. */
  readonly backend: () => string;
  /** Id of the open graph in the library. */
  readonly graph: () => string;
  /** Takes a small PNG of what a graph made last. */
  readonly onSmall: (graph: string, small: Uint8Array) => void;
  readonly onTrouble: (words: string) => void;
}

/** Puts the pictures of each finished run into the history, with the graph as it was when the run began. */
export function recordRuns({
  session,
  history,
  backend,
  graph,
  onSmall,
  onTrouble,
}: RecorderParts): () => void {
  let running: { readonly document: GraphDocument; readonly id: string } | undefined;
  let packer: Remote<Packer> | undefined;
  const record = async (document: GraphDocument, id: string): Promise<void> => {
    const { runs, base: catalog } = session;
    const { summary } = runs;
    if (summary?.kind !== "done") return;
    // Nodes in subgraphs make pictures too.
    const flat = expand(catalog.description, document).document;
    const pictures = picturesOfRun(flat, catalog, (node) => runs.node(node));
    const time = Date.now();
    for (const [index, { node, picture, seeds }] of pictures.entries()) {
      packer ??= wrap<Packer>(
        new Worker(new URL("./png.worker.ts", import.meta.url), { type: "module", name: "pictures" }),
      );
      const { width, height, rgba } = picture;
      const { file, small } = await packer.pack({ width, height, rgba }, document);
      const record_ = flat.nodes[node];
      await history.add(
        {
          time: time + index,
          graph: document.name ?? "Untitled graph",
          node: record_?.title ?? catalog.node(record_?.type ?? "")?.title ?? node,
          seeds,
          width,
          height,
          backend: backend(),
          ms: summary.ms,
        },
        file,
      );
      if (index === pictures.length - 1) onSmall(id, small);
    }
  };
  return session.runs.subscribe(() => {
    const { phase } = session.runs;
    if (phase !== "idle") running ??= { document: session.store.root, id: graph() };
    else if (running) {
      const { document, id } = running;
      running = undefined;
      record(document, id).catch((error: unknown) => {
        onTrouble(
          `The picture was not kept in the history: ${error instanceof Error ? error.message : String(error)} The node still shows it.`,
        );
      });
    }
  });
}
