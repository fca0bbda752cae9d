import type { NodeMode, NodeRecord } from "../../engine/graph/document.ts";
import { isBoundary } from "../../engine/graph/subgraphs.ts";
import { omit } from "./edits.ts";
import type { Edit } from "./edits.ts";

/** Sets or takes away a mode; the edit does nothing where all have it already. */
export const setMode =
  (ids: Iterable<string>, mode: NodeMode | undefined): Edit =>
  (document) => {
    const nodes: Record<string, NodeRecord> = { ...document.nodes };
    let changed = false;
    for (const id of ids) {
      const record = nodes[id];
      if (!record || record.mode === mode || isBoundary(record.type)) continue;
      nodes[id] = { ...omit(record, "mode"), ...(mode === undefined ? {} : { mode }) };
      changed = true;
    }
    return changed ? { ...document, nodes } : document;
  };
