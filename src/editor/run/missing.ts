import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Catalog } from "../graph/catalog.ts";
import { edgeInto } from "../graph/ports.ts";
import type { Fault } from "../worker/engine-client.ts";

/** A way out that stands beside a problem. */
export type Offer =
  | { readonly kind: "pick-file"; readonly label: string; readonly node: string; readonly name: string }
  | { readonly kind: "link"; readonly label: string; readonly url: string }
  | {
      readonly kind: "set-source";
      readonly label: string;
      readonly node: string;
      readonly name: string;
      readonly value: string;
    }
  | { readonly kind: "find-node"; readonly label: string; readonly node: string }
  | { readonly kind: "delete-node"; readonly label: string; readonly node: string };

interface SourceRef {
  readonly node: string;
  readonly title: string;
  readonly name: string;
  readonly value: string;
  readonly fallback: string;
}

/** Every source that a graph names, wired ones excepted. */
function sourcesOf(document: GraphDocument, catalog: Catalog): SourceRef[] {
  return Object.entries(document.nodes).flatMap(([node, record]) => {
    const info = catalog.node(record.type);
    return (info?.params ?? []).flatMap(({ name, spec }): SourceRef[] => {
      if (spec.kind !== "source" || edgeInto(document, node, name)) return [];
      const value = String(record.params[name] ?? spec.default);
      const title = record.title ?? info?.title ?? node;
      return [{ node, title, name, value, fallback: spec.default }];
    });
  });
}

/**
 * Files of the disk that a graph names and that nobody has chosen since the page was opened. A page cannot open them again by
 * itself, so a run would fail.
 *
 * @param known paths of the chosen files; in a chosen folder they begin with its name.
 */
export function missingFiles(document: GraphDocument, catalog: Catalog, known: ReadonlySet<string>): Fault[] {
  const isKnown = (path: string): boolean =>
    known.has(path) || [...known].some((one) => one.startsWith(`${path}/`));
  return sourcesOf(document, catalog).flatMap(({ node, title, name, value }): Fault[] => {
    const path = /^file:(.+)$/.exec(value)?.[1];
    if (path === undefined || isKnown(path)) return [];
    return [
      {
        node,
        port: name,
        message: `Node "${node}" (${title}): "${path}" is a file or folder of a disk, and a page has to be given it again each time that it is opened. Choose it.`,
      },
    ];
  });
}

/** What can be done about a problem, beside going to its node. */
export function offersFor(fault: Fault, document: GraphDocument, catalog: Catalog): Offer[] {
  const { node } = fault;
  const record = node === undefined ? undefined : document.nodes[node];
  if (node === undefined || record === undefined) return [];
  if (!catalog.node(record.type)) {
    return [
      { kind: "find-node", label: "Find a node in its place…", node },
      { kind: "delete-node", label: "Delete it and join its wires", node },
    ];
  }
  const source = sourcesOf(document, catalog).find(
    (one) => one.node === node && (fault.port === one.name || fault.message.includes(one.value)),
  );
  if (!source || source.value === "") return [];
  const { name, value, fallback } = source;
  const offers: Offer[] = [{ kind: "pick-file", label: "Choose from your disk…", node, name }];
  const repo = /^hf:([\w.-]+\/[\w.-]+)/.exec(value)?.[1];
  if (repo !== undefined)
    offers.push({ kind: "link", label: "Look at it on the Hub", url: `https://huggingface.co/${repo}` });
  if (/^https:\/\//.test(value)) offers.push({ kind: "link", label: "Open its address", url: value });
  if (value !== fallback && fallback.startsWith("bundled:"))
    offers.push({
      kind: "set-source",
      label: `Use ${fallback}, which ships with the page`,
      node,
      name,
      value: fallback,
    });
  return offers;
}
