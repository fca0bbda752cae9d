import type { GraphDocument } from "../../engine/graph/document.ts";
import type { RegistryDescription } from "../../engine/node/description.ts";
import { canonicalReference, type RemoteRef } from "../sources/remote/remote-folder.ts";
import { parseSourceRef } from "../sources/source-ref.ts";

/** A remote place that a graph reads. */
export interface RemoteNeed {
  readonly reference: RemoteRef;
  /** In the form under which it is stored. */
  readonly name: string;
  /** Who reads it, and what they have set. */
  readonly readers: readonly Reader[];
}

export interface Reader {
  readonly node: string;
  readonly type: string;
  readonly param: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * The remote places that nodes of a graph name, from the graph alone. A source that comes over a wire from a node that computes it
 * is not seen; the run itself then refuses it.
 *
 * @param only These nodes and what they need; absent: all.
 */
export function remoteNeeds(
  { nodes }: Pick<RegistryDescription, "nodes">,
  document: GraphDocument,
  only?: readonly string[],
): RemoteNeed[] {
  const wanted = only && ancestors(document, only);
  const needs = new Map<string, { reference: RemoteRef; readers: Reader[] }>();
  for (const [node, record] of Object.entries(document.nodes)) {
    if (wanted && !wanted.has(node)) continue;
    for (const [param, spec] of Object.entries(nodes[record.type]?.params ?? {})) {
      // A wire overrides what is stored; where it leads to is found at the node that it comes from.
      if (spec.kind !== "source" || document.edges.some(({ to }) => to === `${node}.${param}`)) continue;
      const reference = remoteRef(record.params[param] ?? spec.default);
      if (!reference) continue;
      const name = canonicalReference(reference);
      const need = needs.get(name) ?? { reference, readers: [] };
      need.readers.push({ node, type: record.type, param, params: record.params });
      needs.set(name, need);
    }
  }
  addWired(nodes, document, wanted, needs);
  return [...needs].map(([name, need]) => ({ name, ...need }));
}

type Needs = Map<string, { reference: RemoteRef; readers: Reader[] }>;

/** Sources over a wire: a node that passes its own source on, and a text that names one. */
function addWired(
  nodes: RegistryDescription["nodes"],
  document: GraphDocument,
  wanted: ReadonlySet<string> | undefined,
  needs: Needs,
): void {
  for (const { from, to } of document.edges) {
    const [node = "", param = ""] = to.split(".");
    const record = document.nodes[node];
    if (!record || (wanted && !wanted.has(node)) || nodes[record.type]?.params[param]?.kind !== "source")
      continue;
    const giver = document.nodes[from.split(".")[0] ?? ""];
    const reference = remoteRef(giver?.params["source"] ?? giver?.params["text"]);
    if (!reference) continue;
    const name = canonicalReference(reference);
    const need = needs.get(name) ?? { reference, readers: [] };
    need.readers.push({ node, type: record.type, param, params: record.params });
    needs.set(name, need);
  }
}

function remoteRef(text: unknown): RemoteRef | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const reference = parseSourceRef(text);
    return reference.kind === "hf" || reference.kind === "https" ? reference : undefined;
  } catch {
    return undefined;
  }
}

function ancestors(document: GraphDocument, only: readonly string[]): Set<string> {
  const found = new Set<string>();
  const queue = [...only];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const { from, to } of document.edges)
      if (to.split(".")[0] === node) queue.push(from.split(".")[0] ?? "");
    // A zone runs as a whole, with all that its nodes read.
    const zone = document.nodes[node]?.zone;
    if (zone !== undefined)
      for (const [other, record] of Object.entries(document.nodes))
        if (record.zone === zone) queue.push(other);
  }
  return found;
}
