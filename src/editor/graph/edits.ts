import type { EdgeRecord, GraphDocument, NodeRecord } from "../../engine/graph/document.ts";
import type { ParamValue } from "../../engine/node/params.ts";
import { endpoint } from "./ports.ts";
import { viewWithout } from "./view-nodes.ts";

/** A pure change of a document. Unchanged parts are shared, so that views can compare by identity. */
export type Edit = (document: GraphDocument) => GraphDocument;

export type Point = readonly [x: number, y: number];

const without = <T>(record: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.has(key)));

/** A copy without one key. */
export function omit<T extends object, K extends keyof T>(record: T, key: K): Omit<T, K> {
  const copy = { ...record };
  delete copy[key];
  return copy;
}

export const edgeKey = (edge: EdgeRecord): string => `${edge.from}>${edge.to}`;

/** A free id made from the type's last part: `sampling/ddim-step` gives `ddimStep`, then `ddimStep2`. */
export function freeNodeId(taken: Readonly<Record<string, unknown>>, type: string): string {
  const name = (type.split("/").at(-1) ?? type).replaceAll(
    /[^A-Za-z0-9]+(.)?/g,
    (_, next: string | undefined) => (next ?? "").toUpperCase(),
  );
  return freeName(taken, name === "" ? "node" : name);
}

/** `base`, or `base2`, `base3`, … where it is taken. A number at the end of `base` is counted on. */
export function freeName(taken: Readonly<Record<string, unknown>>, base: string): string {
  if (!Object.hasOwn(taken, base)) return base;
  const stem = base.replace(/\d+$/, "");
  for (let count = 2; ; count++) {
    if (!Object.hasOwn(taken, `${stem}${count}`)) return `${stem}${count}`;
  }
}

export const addNode =
  (id: string, record: NodeRecord, position: Point): Edit =>
  (document) => ({
    ...document,
    nodes: { ...document.nodes, [id]: record },
    layout: { ...document.layout, [id]: position },
  });

/** Removes nodes with their wires and places. */
export const removeNodes =
  (ids: Iterable<string>): Edit =>
  (document) => {
    const gone = new Set([...ids].filter((id) => Object.hasOwn(document.nodes, id)));
    if (gone.size === 0) return document;
    const kept = (edge: EdgeRecord): boolean =>
      !gone.has(endpoint(edge.from).node) && !gone.has(endpoint(edge.to).node);
    return {
      ...document,
      nodes: without(document.nodes, gone),
      edges: document.edges.filter(kept),
      ...(document.layout ? { layout: without(document.layout, gone) } : {}),
      ...(document.view ? { view: viewWithout(document.view, gone) } : {}),
    };
  };

/** Draws a wire; the wire that was in the input before goes. */
export const connect =
  (from: string, to: string): Edit =>
  (document) => {
    if (document.edges.some((edge) => edge.from === from && edge.to === to)) return document;
    return { ...document, edges: [...document.edges.filter((edge) => edge.to !== to), { from, to }] };
  };

export const disconnect =
  (gone: Iterable<string>): Edit =>
  (document) => {
    const keys = new Set(gone);
    const edges = document.edges.filter((edge) => !keys.has(edgeKey(edge)));
    return edges.length === document.edges.length ? document : { ...document, edges };
  };

const changeNode = (
  document: GraphDocument,
  id: string,
  change: (record: NodeRecord) => NodeRecord,
): GraphDocument => {
  const record = document.nodes[id];
  if (!record) return document;
  const next = change(record);
  return next === record ? document : { ...document, nodes: { ...document.nodes, [id]: next } };
};

export const setParam =
  (id: string, name: string, value: ParamValue): Edit =>
  (document) =>
    changeNode(document, id, (record) =>
      Object.is(record.params[name], value)
        ? record
        : { ...record, params: { ...record.params, [name]: value } },
    );

/** An empty title gives the node its type's own title back. */
export const setTitle =
  (id: string, title: string): Edit =>
  (document) =>
    changeNode(document, id, (record) => {
      if ((record.title ?? "") === title) return record;
      return { ...omit(record, "title"), ...(title === "" ? {} : { title }) };
    });

export const moveNodes =
  (positions: ReadonlyMap<string, Point>): Edit =>
  (document) => {
    const moved = [...positions].filter(([id, [x, y]]) => {
      const old = document.layout?.[id];
      return Object.hasOwn(document.nodes, id) && (old?.[0] !== x || old[1] !== y);
    });
    if (moved.length === 0) return document;
    return { ...document, layout: { ...document.layout, ...Object.fromEntries(moved) } };
  };

/** Frames, notes, collapsed nodes and the like: the editor's own part of the file. */
export const setView =
  (key: string, value: unknown): Edit =>
  (document) =>
    JSON.stringify(document.view?.[key]) === JSON.stringify(value)
      ? document
      : { ...document, view: { ...document.view, [key]: value } };

export const rename =
  (name: string): Edit =>
  (document) =>
    document.name === name ? document : { ...document, name };

/** One edit made of several: they are undone together. */
export const sequence =
  (...edits: readonly Edit[]): Edit =>
  (document) =>
    edits.reduce((current, edit) => edit(current), document);
