import type { GraphDocument } from "../../engine/graph/document.ts";
import type { LoomApp } from "../app/loom-app.ts";
import { PictureHistory } from "../history/history.ts";
import { recordRuns } from "../history/recorder.ts";
import { openStorage } from "../library/key-values.ts";
import { Keeper } from "../library/keeper.ts";
import { Library } from "../library/library.ts";
import { openingGraph, rememberGraph } from "../library/opening.ts";
import { TabTalk, pageLocks } from "../library/tab-locks.ts";

export interface Keeping {
  /** What the page opens on. */
  readonly document: GraphDocument;
  /** Gives the page its keeper and its history, and records its runs. */
  attach(app: LoomApp): void;
}

/** Opens the databases and finds the graph to open. A browser that keeps nothing gives a page that works all the same. */
export async function startKeeping(firstTemplate: () => Promise<GraphDocument>): Promise<Keeping> {
  const [graphs, pictures] = await Promise.all([
    openStorage("latent-loom-library"),
    openStorage("latent-loom-pictures"),
  ]);
  const library = new Library(graphs.records);
  const history = new PictureHistory(pictures.records);
  const locks = pageLocks();
  const { opening, notice } = await openingGraph(library, locks, firstTemplate);
  return {
    document: opening.document,
    attach(app) {
      const { store } = app.session;
      const keeper = new Keeper(
        { store, library, locks, talk: new TabTalk(), remember: rememberGraph, denied: graphs.denied },
        opening,
      );
      app.keeper = keeper;
      app.history = history;
      if (notice !== undefined) app.notice = notice;
      recordRuns({
        session: app.session,
        history,
        backend: () => app.control.runtime?.backend ?? "",
        graph: () => keeper.id,
        onSmall: (id, small) => void library.setPicture(id, small).catch(() => undefined),
        onTrouble: (words) => (app.notice = words),
      });
      const isFree = async (id: string): Promise<boolean> => {
        const held = await locks.acquire(id);
        held?.release();
        return held !== undefined && id !== keeper.id;
      };
      library.sweep(isFree).catch(() => undefined);
    },
  };
}
