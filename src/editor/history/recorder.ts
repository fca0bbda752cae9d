import { wrap } from "comlink";
import type { Remote } from "comlink";
import type { GraphDocument } from "../../engine/graph/document.ts";
import type { EditorSession } from "../store/session.ts";
import type { PictureHistory } from "./history.ts";
import { picturesOfRun } from "./pictures-of-run.ts";
import type { Packer } from "./png.worker.ts";

export interface RecorderParts {
  readonly session: EditorSession;
  readonly history: PictureHistory;
  /** What runs go on, for example `wasm`. */
  readonly backend: () => string;
  /** Takes a small PNG of what the open graph made last. */
  readonly onSmall: (small: Uint8Array) => void;
  readonly onTrouble: (words: string) => void;
}

/** Puts the pictures of each finished run into the history, with the graph as it was when the run began. */
export function recordRuns({ session, history, backend, onSmall, onTrouble }: RecorderParts): () => void {
  let running: GraphDocument | undefined;
  let packer: Remote<Packer> | undefined;
  const record = async (document: GraphDocument): Promise<void> => {
    const { runs, catalog } = session;
    const { summary } = runs;
    if (summary?.kind !== "done") return;
    const pictures = picturesOfRun(document, catalog, (node) => runs.node(node));
    const time = Date.now();
    for (const [index, { node, picture, seeds }] of pictures.entries()) {
      packer ??= wrap<Packer>(
        new Worker(new URL("./png.worker.ts", import.meta.url), { type: "module", name: "pictures" }),
      );
      const { width, height, rgba } = picture;
      const { file, small } = await packer.pack({ width, height, rgba }, document);
      const record_ = document.nodes[node];
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
      if (index === pictures.length - 1) onSmall(small);
    }
  };
  return session.runs.subscribe(() => {
    const { phase } = session.runs;
    if (phase !== "idle") running ??= session.store.root;
    else if (running) {
      const document = running;
      running = undefined;
      record(document).catch((error: unknown) => {
        onTrouble(
          `The picture was not kept in the history: ${error instanceof Error ? error.message : String(error)} The node still shows it.`,
        );
      });
    }
  });
}
