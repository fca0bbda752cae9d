import ELK from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { Arrange } from "../graph/tidy.ts";

let elk: InstanceType<typeof ELK> | undefined;

/** ELK in a worker of its own, which starts with the first layout: a large graph takes seconds, and the page stays usable. */
export const arrange: Arrange = (graph) => {
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl, { name: "layout" }) });
  return elk.layout(graph);
};
