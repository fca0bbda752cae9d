import { endpoint } from "../graph/ports.ts";
import type { TypedNode } from "../rete/typed-node.ts";
import type { EditorSession } from "../store/session.ts";
import { pinRules } from "../theme/socket-style.ts";
import type { Fault } from "../worker/engine-client.ts";
import { layoutNode } from "./geometry.ts";
import type { NodeLayout } from "./geometry.ts";
import type { LoomNode } from "./loom-node.ts";
import type { NodeActions, WireOffer } from "./node/contract.ts";

/** The elements of all nodes, with the layout and the true height of each. */
export class NodeViews {
  readonly #session: EditorSession;
  readonly #actions: NodeActions;
  readonly #elements = new Map<string, LoomNode>();
  readonly #layouts = new Map<string, NodeLayout>();
  readonly #heights = new Map<string, number>();
  /** Nodes whose advanced parameters are shown. */
  readonly #advanced = new Set<string>();
  readonly #idOf = new WeakMap<Element, string>();
  readonly #pins = new CSSStyleSheet();
  readonly #sizes: ResizeObserver;
  #far = false;

  /** @param resized called when elements got another height: by a preview, or a message */
  constructor(session: EditorSession, actions: NodeActions, resized: () => void) {
    this.#session = session;
    this.#actions = actions;
    this.#pins.replaceSync(pinRules(Object.keys(session.catalog.description.types)));
    this.#sizes = new ResizeObserver((entries) => {
      for (const entry of entries) {
        const id = this.#idOf.get(entry.target);
        if (id !== undefined && this.#elements.has(id)) this.#heights.set(id, entry.contentRect.height);
      }
      resized();
    });
  }

  destroy(): void {
    this.#sizes.disconnect();
  }

  element(id: string): LoomNode | undefined {
    return this.#elements.get(id);
  }

  idOf(element: Element): string | undefined {
    return this.#idOf.get(element);
  }

  layout(id: string): NodeLayout | undefined {
    return this.#layouts.get(id);
  }

  layouts(): ReadonlyMap<string, NodeLayout> {
    return this.#layouts;
  }

  /** With preview and messages, as it is on the page. */
  height(id: string): number {
    return this.#heights.get(id) ?? this.#layouts.get(id)?.height ?? 0;
  }

  mount(holder: HTMLElement, node: TypedNode): void {
    if (this.#elements.has(node.id)) return;
    const element = document.createElement("loom-node") as LoomNode;
    element.node = node;
    element.catalog = this.#session.catalog;
    element.actions = this.#actions;
    element.pins = this.#pins;
    element.run = this.#session.runOf(node.id);
    element.layout = layoutNode(node.shape, { collapsed: false, advanced: false, wired: new Set() });
    element.dataset["node"] = node.id;
    element.far = this.#far;
    this.#idOf.set(element, node.id);
    this.#elements.set(node.id, element);
    this.#sizes.observe(element);
    holder.append(element);
  }

  forget(id: string): void {
    const element = this.#elements.get(id);
    if (element) this.#sizes.unobserve(element);
    for (const map of [this.#elements, this.#layouts, this.#heights]) map.delete(id);
    this.#advanced.delete(id);
  }

  toggleAdvanced(id: string): void {
    if (!this.#advanced.delete(id)) this.#advanced.add(id);
  }

  /** Computes anew where the ports of nodes stand: of the changed ones, and of those whose wires or folding changed. */
  layOut(nodes: readonly TypedNode[], changed: ReadonlySet<string>): void {
    const { document } = this.#session;
    const folded = foldedOf(document.view);
    const sources = new Map<string, Map<string, string>>();
    const outputs = new Map<string, Set<string>>();
    for (const edge of document.edges) {
      const [from, to] = [endpoint(edge.from), endpoint(edge.to)];
      getOrMake(sources, to.node, () => new Map<string, string>()).set(to.port, edge.from);
      getOrMake(outputs, from.node, () => new Set<string>()).add(from.port);
    }
    for (const node of nodes) {
      const element = this.#elements.get(node.id);
      if (!element) continue;
      const wired = sources.get(node.id) ?? new Map<string, string>();
      const wiredOutputs = outputs.get(node.id) ?? new Set<string>();
      const collapsed = folded.has(node.id);
      const advanced = this.#advanced.has(node.id);
      const isSame =
        !changed.has(node.id) &&
        this.#layouts.has(node.id) &&
        element.collapsed === collapsed &&
        element.advanced === advanced &&
        sameMap(element.wired, wired) &&
        sameSet(element.wiredOutputs, wiredOutputs);
      if (isSame) continue;
      const layout = layoutNode(node.shape, { collapsed, advanced, wired: new Set(wired.keys()) });
      this.#layouts.set(node.id, layout);
      Object.assign(element, { node, layout, wired, wiredOutputs, collapsed, advanced });
      // The node itself is changed in place: Lit sees no new value.
      element.requestUpdate();
    }
  }

  /** Whether the canvas is seen from so far that nothing but titles can be read. */
  setFar(far: boolean): void {
    if (far === this.#far) return;
    this.#far = far;
    for (const element of this.#elements.values()) element.far = far;
  }

  showOffers(offers: ReadonlyMap<string, WireOffer> | undefined): void {
    for (const [id, element] of this.#elements) element.offer = offers?.get(id);
  }

  showSelection(): void {
    const { nodes } = this.#session.selection;
    for (const [id, element] of this.#elements) element.selected = nodes.has(id);
  }

  /** @param node path of the one that changed; undefined when all may have */
  showRuns(node: string | undefined): void {
    const id = node === undefined ? undefined : this.#session.here(node);
    for (const one of node === undefined ? this.#elements.keys() : [id ?? ""]) {
      const element = this.#elements.get(one);
      if (element) element.run = this.#session.runOf(one);
    }
  }

  showFaults(): void {
    for (const [id, element] of this.#elements) element.inactive = this.#session.isInactive(id);
    const byNode = new Map<string, Fault[]>();
    for (const fault of this.#session.faults) {
      if (fault.node !== undefined) getOrMake(byNode, fault.node, () => [] as Fault[]).push(fault);
    }
    for (const [id, element] of this.#elements) {
      const faults = byNode.get(id) ?? [];
      if (faults.length > 0 || element.faults.length > 0) element.faults = faults;
    }
  }
}

/** Ids of the folded nodes, from the editor's own part of the document. */
export function foldedOf(view: Readonly<Record<string, unknown>> | undefined): Set<string> {
  const folded = view?.["folded"];
  return new Set(Array.isArray(folded) ? folded.filter((id): id is string => typeof id === "string") : []);
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const old = map.get(key);
  if (old !== undefined) return old;
  const fresh = make();
  map.set(key, fresh);
  return fresh;
}

const sameMap = <V>(a: ReadonlyMap<string, V>, b: ReadonlyMap<string, V>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((value) => b.has(value));
