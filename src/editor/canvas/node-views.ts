import { endpoint } from "../graph/ports.ts";
import type { TypedNode } from "../rete/typed-node.ts";
import type { EditorSession } from "../store/session.ts";
import { pinRules } from "../theme/socket-style.ts";
import type { Fault } from "../worker/engine-client.ts";
import { layoutNode } from "./geometry.ts";
import type { NodeLayout } from "./geometry.ts";
import type { LoomNode } from "./loom-node.ts";
import type { NodeActions, WireOffer } from "./node/contract.ts";

/** All that a node shows, whether or not it has an element now. */
interface Card {
  node: TypedNode;
  /** Rete's element, which is moved; without a box while the node is out of sight. */
  readonly holder: HTMLElement;
  layout: NodeLayout;
  wired: ReadonlyMap<string, string>;
  wiredOutputs: ReadonlySet<string>;
  collapsed: boolean;
  faults: readonly Fault[];
  /** Made when the node is first seen. */
  element: LoomNode | undefined;
  shown: boolean;
  /** Height on the page; undefined until it was seen. */
  height: number | undefined;
}

const NONE: readonly Fault[] = [];
const UNWIRED = { inputs: new Map<string, string>(), outputs: new Set<string>() } as const;

/**
 * The nodes of the canvas. Where each port stands is known of all, an element have only those that are seen: a large graph
 * costs what its seen part costs.
 */
export class NodeViews {
  readonly #session: EditorSession;
  readonly #actions: NodeActions;
  readonly #cards = new Map<string, Card>();
  readonly #layouts = new Map<string, NodeLayout>();
  /** Nodes whose advanced parameters are shown. */
  readonly #advanced = new Set<string>();
  readonly #idOf = new WeakMap<Element, string>();
  readonly #pins = new CSSStyleSheet();
  readonly #sizes: ResizeObserver;
  #offers: ReadonlyMap<string, WireOffer> | undefined;

  /** @param resized called when elements got another height: by a preview, or a message */
  constructor(session: EditorSession, actions: NodeActions, resized: () => void) {
    this.#session = session;
    this.#actions = actions;
    this.#pins.replaceSync(pinRules(Object.keys(session.catalog.description.types)));
    this.#sizes = new ResizeObserver((entries) => {
      let changed = false;
      for (const { target, contentRect } of entries) {
        const card = this.#cards.get(this.#idOf.get(target) ?? "");
        // Without a box the observer says 0.
        if (!card?.shown || contentRect.height === 0 || card.height === contentRect.height) continue;
        changed ||= contentRect.height !== (card.height ?? card.layout.height);
        card.height = contentRect.height;
      }
      if (changed) resized();
    });
  }

  destroy(): void {
    this.#sizes.disconnect();
  }

  /** The element of a node, made and shown if there was none. */
  element(id: string): LoomNode | undefined {
    const card = this.#cards.get(id);
    if (card && !card.shown) this.#show(id, card);
    return card?.element;
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

  isShown(id: string): boolean {
    return this.#cards.get(id)?.shown === true;
  }

  node(id: string): TypedNode | undefined {
    return this.#cards.get(id)?.node;
  }

  faults(id: string): readonly Fault[] {
    return this.#cards.get(id)?.faults ?? NONE;
  }

  /** With preview and messages, as it is on the page. */
  height(id: string): number {
    const card = this.#cards.get(id);
    return card?.height ?? card?.layout.height ?? 0;
  }

  mount(holder: HTMLElement, node: TypedNode): void {
    if (this.#cards.has(node.id)) return;
    holder.style.display = "none";
    const layout = layoutNode(node.shape, { collapsed: false, advanced: false, wired: new Set() });
    this.#cards.set(node.id, {
      node,
      holder,
      layout,
      wired: UNWIRED.inputs,
      wiredOutputs: UNWIRED.outputs,
      collapsed: false,
      faults: NONE,
      element: undefined,
      shown: false,
      height: undefined,
    });
  }

  forget(id: string): void {
    const element = this.#cards.get(id)?.element;
    if (element) this.#sizes.unobserve(element);
    this.#cards.delete(id);
    this.#layouts.delete(id);
    this.#advanced.delete(id);
  }

  toggleAdvanced(id: string): void {
    if (!this.#advanced.delete(id)) this.#advanced.add(id);
  }

  /**
   * Gives elements to the nodes that are seen and takes them from the others. The one in which the focus is stays.
   *
   * @param budget milliseconds after which no further element is made
   * @returns whether elements are still to be made
   */
  see(isSeen: (id: string) => boolean, budget = Infinity): boolean {
    const started = performance.now();
    let late = false;
    for (const [id, card] of this.#cards) {
      const seen = isSeen(id);
      if (seen === card.shown) continue;
      if (!seen) this.#hide(card);
      else if (performance.now() - started < budget) this.#show(id, card);
      else late = true;
    }
    return late;
  }

  #hide(card: Card): void {
    if (card.element?.matches(":focus-within")) return;
    card.shown = false;
    card.holder.style.display = "none";
  }

  #show(id: string, card: Card): void {
    card.shown = true;
    card.holder.style.display = "";
    const fresh = card.element === undefined;
    const element = (card.element ??= this.#make(id));
    this.#apply(id, card);
    if (fresh) {
      card.holder.append(element);
      this.#sizes.observe(element);
    }
  }

  #make(id: string): LoomNode {
    const element = document.createElement("loom-node") as LoomNode;
    element.catalog = this.#session.catalog;
    element.actions = this.#actions;
    element.pins = this.#pins;
    element.dataset["node"] = id;
    this.#idOf.set(element, id);
    return element;
  }

  #apply(id: string, card: Card): void {
    const { element, node, layout, wired, wiredOutputs, collapsed, faults } = card;
    if (!element) return;
    Object.assign(element, { node, layout, wired, wiredOutputs, collapsed, faults });
    element.advanced = this.#advanced.has(id);
    element.selected = this.#session.selection.nodes.has(id);
    element.run = this.#session.runOf(id);
    element.inactive = this.#session.isInactive(id);
    element.offer = this.#offers?.get(id);
    // The node itself is changed in place: Lit sees no new value.
    element.requestUpdate();
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
      const card = this.#cards.get(node.id);
      if (!card) continue;
      const wired = sources.get(node.id) ?? UNWIRED.inputs;
      const wiredOutputs = outputs.get(node.id) ?? UNWIRED.outputs;
      const collapsed = folded.has(node.id);
      const isSame =
        !changed.has(node.id) &&
        this.#layouts.has(node.id) &&
        card.collapsed === collapsed &&
        sameMap(card.wired, wired) &&
        sameSet(card.wiredOutputs, wiredOutputs);
      if (isSame) continue;
      const advanced = this.#advanced.has(node.id);
      const layout = layoutNode(node.shape, { collapsed, advanced, wired: new Set(wired.keys()) });
      this.#layouts.set(node.id, layout);
      // Out of sight a node gets no new height from the page: what was seen before is no longer so.
      if (!card.shown && layout.height !== card.layout.height) card.height = undefined;
      Object.assign(card, { node, layout, wired, wiredOutputs, collapsed });
      if (card.shown) this.#apply(node.id, card);
    }
  }

  showOffers(offers: ReadonlyMap<string, WireOffer> | undefined): void {
    this.#offers = offers;
    for (const [id, card] of this.#cards)
      if (card.shown && card.element) card.element.offer = offers?.get(id);
  }

  showSelection(): void {
    const { nodes } = this.#session.selection;
    for (const [id, card] of this.#cards)
      if (card.shown && card.element) card.element.selected = nodes.has(id);
  }

  /** @param node path of the one that changed; undefined when all may have */
  showRuns(node: string | undefined): void {
    const here = node === undefined ? undefined : this.#session.here(node);
    for (const id of node === undefined ? this.#cards.keys() : [here ?? ""]) {
      const card = this.#cards.get(id);
      if (card?.shown && card.element) card.element.run = this.#session.runOf(id);
    }
  }

  showFaults(): void {
    const byNode = new Map<string, Fault[]>();
    for (const fault of this.#session.faults) {
      if (fault.node !== undefined) getOrMake(byNode, fault.node, () => [] as Fault[]).push(fault);
    }
    for (const [id, card] of this.#cards) {
      if (card.shown && card.element) card.element.inactive = this.#session.isInactive(id);
      const faults = byNode.get(id) ?? NONE;
      if (faults.length === 0 && card.faults.length === 0) continue;
      card.faults = faults;
      if (card.shown && card.element) card.element.faults = faults;
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
