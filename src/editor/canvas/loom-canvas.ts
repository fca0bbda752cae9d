import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { NodeEditor } from "rete";
import type { SourceParam } from "../../engine/node/params.ts";
import { setView } from "../graph/edits.ts";
import { setFrameTitle } from "../graph/frames.ts";
import { syncEditor } from "../rete/document-sync.ts";
import type { TypedSchemes } from "../rete/typed-node.ts";
import type { EditorSession } from "../store/session.ts";
import type { StoreChange } from "../store/graph-store.ts";
import { controls } from "../theme/controls.ts";
import { LoomArea } from "./area.ts";
import { centred, toCanvasPoint, viewOf, zoomed } from "./camera.ts";
import type { View } from "./camera.ts";
import { canvasStyles } from "./canvas-styles.ts";
import { FrameLayer } from "./frame-layer.ts";
import { editFrameTitle } from "./frame-title.ts";
import { GuideLayer } from "./guide-layer.ts";
import { boundsOf, contains } from "./geometry.ts";
import type { NodeLayout, PortPlace, Rect } from "./geometry.ts";
import type { CanvasHost, PaletteRequest, PortRef } from "./gestures/gesture.ts";
import { nearestSocket, socketAt } from "./hit-test.ts";
import { MovingLayers } from "./layers.ts";
import { LoomNode } from "./loom-node.ts";
import { nodeActions } from "./node/actions.ts";
import type { Side, WireOffer } from "./node/contract.ts";
import { NodeViews, foldedOf } from "./node-views.ts";
import { PointerNote } from "./pointer-note.ts";
import { PointerRouter } from "./pointer-router.ts";
import { ShapeLabels } from "./shape-labels.ts";
import { Sight } from "./sight.ts";
import { followTab } from "./tab-order.ts";
import { WireLayer } from "./wire-layer.ts";
import type { Wire, WireEnds } from "./wire-layer.ts";
import { wiresOf } from "./wires-of.ts";
import { ZoneLayer } from "./zone-layer.ts";

/** A source parameter that wants something of the person's disk. */
export interface SourceRequest {
  readonly node: string;
  readonly name: string;
  readonly holds: SourceParam["holds"];
}

/** Scale at which a graph is opened at least: its titles can be read. */
const READABLE = 0.5;

const FIRST_PLACE: PortPlace = { x: 0, y: 0 };

/** The canvas: a live Rete graph drawn with Lit, kept equal to the session's document. */
export class LoomCanvas extends LitElement implements CanvasHost {
  static override properties = { session: { attribute: false }, empty: { state: true } };
  static override styles = [controls, canvasStyles];

  declare session: EditorSession;
  declare empty: boolean;

  readonly wires = new WireLayer(
    (wire) => this.#wireEnds(wire),
    () => this.#sight.drawFar(),
  );
  readonly #shapes = new ShapeLabels(this);
  readonly zones = new ZoneLayer((node) => this.rect(node));
  readonly guides = new GuideLayer();
  readonly frames = new FrameLayer((node) => this.rect(node));
  readonly #editor = new NodeEditor<TypedSchemes>();
  #area: LoomArea | undefined;
  #router: PointerRouter | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #unsubscribe: (() => void)[] = [];
  #note: PointerNote | undefined;
  #views: NodeViews | undefined;
  readonly #sight = new Sight(this, () => this.#views);
  readonly #movingNodes = new MovingLayers(300);
  readonly #movingCanvas = new MovingLayers(200);

  constructor() {
    super();
    this.empty = false;
  }

  protected override render(): TemplateResult {
    return html`<div class="area" tabindex="0" role="application" aria-label="Graph"></div>
      ${this.#sight.far.element}
      <span class="end" tabindex="-1"></span>
      <div class="marquee" hidden></div>
      <div class="say" role="status" aria-live="polite"></div>
      ${
        this.empty
          ? html`<div class="empty">
              <h2>An empty graph</h2>
              <p>Double-click, or press <kbd>Space</kbd>, to add a node. Or begin with a template.</p>
              <button
                class="primary"
                @click=${(): boolean => this.dispatchEvent(new CustomEvent("open-templates"))}
              >
                Choose a template
              </button>
            </div>`
          : nothing
      }`;
  }

  protected override firstUpdated(): void {
    const container = this.#part(".area");
    const area = new LoomArea(container);
    const views = new NodeViews(this.session, nodeActions(this), () => {
      this.#drawRegions();
      this.dispatchEvent(new CustomEvent("view-changed"));
    });
    this.#area = area;
    this.#views = views;
    area.addPipe((context) => {
      if (context.type === "render" && context.data.type === "node")
        views.mount(context.data.element, context.data.payload);
      if (context.type === "translated" || context.type === "zoomed") this.#moved();
      return context;
    });
    this.#editor.use(area);
    area.area.content.holder.prepend(this.zones.element, this.frames.element, this.wires.element);
    area.area.content.holder.append(this.wires.overlay);
    this.wires.overlay.append(this.#shapes.element, this.guides.element);
    this.wires.hovered = () => this.#shapes.draw();
    this.#router = new PointerRouter(this, container);
    // Who comes to a node with the keyboard means that node.
    container.addEventListener("focusin", (event) => {
      const node = this.nodeOf(event);
      if (node?.matches(":focus-visible") && event.composedPath()[0] === node)
        this.session.selection.set([this.idOf(node)]);
    });
    const end = this.#part(".end");
    container.addEventListener("keydown", (event) => followTab(this, event, end));
    this.#note = new PointerNote(this.#part(".say"));
    const { store, selection, runs } = this.session;
    this.#unsubscribe = [
      store.subscribe((change) => this.#changed(change)),
      selection.subscribe(() => this.#showSelection()),
      runs.subscribe((node) => {
        views.showRuns(node);
        this.#sight.drawFar();
      }),
      this.session.onFaults(() => views.showFaults()),
    ];
    this.#sight.watch(this);
    this.#syncing = this.#sync().then(() => this.fit(undefined, READABLE));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#sight.destroy();
    this.#router?.destroy();
    this.#views?.destroy();
    this.#area?.destroy();
  }

  /** Resolves when what is seen equals the document. */
  get settled(): Promise<void> {
    return this.#syncing;
  }

  /** The live graph, for tests that compare it with the document. */
  get live(): NodeEditor<TypedSchemes> {
    return this.#editor;
  }

  get transform(): { readonly x: number; readonly y: number; readonly k: number } {
    return this.#area?.area.transform ?? { x: 0, y: 0, k: 1 };
  }

  get element(): HTMLElement {
    return this.#part(".area");
  }

  /** Where the pointer is over the canvas, in canvas pixels. */
  get pointer(): PortPlace | undefined {
    return this.#router?.pointer;
  }

  cancelGesture(): boolean {
    return this.#router?.cancel() ?? false;
  }

  toCanvas(event: { readonly clientX: number; readonly clientY: number }): PortPlace {
    const box = this.getBoundingClientRect();
    return toCanvasPoint(this.transform, event.clientX - box.left, event.clientY - box.top);
  }

  /** The middle of what is seen, in canvas pixels. */
  center(): PortPlace {
    return toCanvasPoint(this.transform, this.#sight.screen.width / 2, this.#sight.screen.height / 2);
  }

  /** Seen from so far that only titles and pictures are drawn, and no node has an element. */
  get isFar(): boolean {
    return this.#sight.isFar;
  }

  panTo(x: number, y: number): void {
    void this.#area?.area.translate(x, y);
  }

  async zoomBy(factor: number): Promise<void> {
    await this.#show(zoomed(this.transform, this.#sight.screen, factor));
  }

  async #show({ x, y, k }: View): Promise<void> {
    await this.#area?.show(x, y, k);
    this.#sight.look();
  }

  get seen(): Rect {
    return this.#sight.seen;
  }

  /** Shows these nodes, or all; see `viewOf`. */
  async fit(ids: Iterable<string> = Object.keys(this.session.document.nodes), least = 0): Promise<void> {
    const bounds = boundsOf([...ids].flatMap((id) => this.rect(id) ?? []));
    if (!bounds || this.#sight.screen.width === 0) return;
    await this.#show(viewOf(bounds, this.#sight.screen, least));
  }

  position(node: string): PortPlace | undefined {
    return this.#area?.nodeViews.get(node)?.position;
  }

  rect(node: string): Rect | undefined {
    const position = this.position(node);
    const layout = this.#views?.layout(node);
    if (!position || !layout) return undefined;
    return { ...position, width: layout.width, height: this.#views?.height(node) ?? layout.height };
  }

  place(positions: ReadonlyMap<string, PortPlace>): void {
    const area = this.#area;
    if (!area) return;
    const shown = [...positions.keys()].filter((id) => this.#views?.isShown(id));
    this.#movingNodes.move(shown.flatMap((id) => area.nodeViews.get(id)?.element ?? []));
    for (const [id, { x, y }] of positions) area.place(id, x, y);
    this.wires.follow(positions.keys());
    this.#shapes.follow();
    this.#drawRegions();
    this.#sight.follow();
    this.dispatchEvent(new CustomEvent("view-changed"));
  }

  portPlace({ node, side, port }: PortRef): PortPlace | undefined {
    const position = this.position(node);
    const layout = this.#views?.layout(node);
    const place = (side === "input" ? layout?.inputs : layout?.outputs)?.get(port);
    return position && place ? { x: position.x + place.x, y: position.y + place.y } : undefined;
  }

  socketAt(event: PointerEvent): PortRef | undefined {
    return socketAt(this.shadowRoot, (element) => this.#views?.idOf(element), event);
  }

  nodeAt(x: number, y: number): string | undefined {
    return Object.keys(this.session.document.nodes)
      .reverse()
      .find((id) => {
        const rect = this.rect(id);
        return rect !== undefined && contains(rect, x, y);
      });
  }

  nearestSocket(x: number, y: number, side: Side, reach: number): PortRef | undefined {
    const layouts = this.#views?.layouts() ?? new Map<string, NodeLayout>();
    return nearestSocket(layouts, (node) => this.position(node), { x, y }, side, reach);
  }

  wireAt(x: number, y: number): Wire | undefined {
    return this.wires.at(x, y, 9 / this.transform.k);
  }

  offer(offers: ReadonlyMap<string, WireOffer> | undefined): void {
    this.#views?.showOffers(offers);
  }

  marquee(rect: Rect | undefined): void {
    const box = this.#part(".marquee");
    box.hidden = !rect;
    if (!rect) return;
    const { x, y, k } = this.transform;
    box.style.transform = `translate(${rect.x * k + x}px, ${rect.y * k + y}px)`;
    box.style.width = `${rect.width * k}px`;
    box.style.height = `${rect.height * k}px`;
  }

  say(text: string, event?: PointerEvent): void {
    this.#note?.say(text, this.getBoundingClientRect(), event);
  }

  openPalette(request: PaletteRequest): void {
    this.dispatchEvent(new CustomEvent<PaletteRequest>("open-palette", { detail: request }));
  }

  /** The node at which an event happened. */
  nodeIdAt(event: MouseEvent): string | undefined {
    const element = this.nodeOf(event);
    if (element) return this.idOf(element);
    if (!this.isFar) return undefined;
    const { x, y } = this.toCanvas(event);
    return this.nodeAt(x, y);
  }

  /** The element of a node that an event came from; from far away nodes have none. */
  nodeOf(event: Event): LoomNode | undefined {
    return event.composedPath().find((target): target is LoomNode => target instanceof LoomNode);
  }

  idOf(element: LoomNode): string {
    return this.#views?.idOf(element) ?? "";
  }

  nodeElement(id: string): LoomNode | undefined {
    return this.#views?.element(id);
  }

  /** Brings a node to the middle, selects and focuses it. A path leads into subgraphs: they are opened. */
  async reveal(path: string): Promise<void> {
    const way = path.split("/");
    const id = way.pop() ?? "";
    this.session.store.openScope(way);
    await this.#syncing;
    const rect = this.rect(id);
    if (!rect) return;
    this.session.selection.set([id]);
    await this.#show(centred(rect, this.#sight.screen, Math.max(this.transform.k, 0.6)));
    this.#views?.element(id)?.focus({ preventScroll: true });
  }

  /** Selects and focuses a node, and moves the canvas only when it is not seen whole. */
  bring(id: string): void {
    const rect = this.rect(id);
    if (!rect) return;
    if (!this.#sight.isReadable(rect)) return void this.reveal(id);
    this.session.selection.set([id]);
    this.#views?.element(id)?.focus({ preventScroll: true });
  }

  #changed(change: StoreChange): void {
    this.#syncing = this.#syncing
      .then(() => this.#sync())
      .then(async () => {
        if (change.moved) this.#views?.showRuns(undefined);
        if (change.cause === "replace" || change.moved) await this.fit(undefined, READABLE);
      })
      .catch((error: unknown) => {
        this.dispatchEvent(new CustomEvent("view-failed", { detail: error }));
      });
  }

  async #sync(): Promise<void> {
    const { document, catalog } = this.session;
    const area = this.#area;
    const views = this.#views;
    if (!area || !views) return;
    const report = await syncEditor(this.#editor, document, catalog);
    for (const id of report.removed) views.forget(id);
    views.layOut(this.#editor.getNodes(), new Set([...report.added, ...report.updated]));
    const waiting: Promise<unknown>[] = [];
    for (const id of Object.keys(document.nodes)) {
      const [x, y] = document.layout?.[id] ?? [FIRST_PLACE.x, FIRST_PLACE.y];
      const view = area.nodeViews.get(id);
      if (!view || (view.position.x === x && view.position.y === y)) continue;
      waiting.push(area.translate(id, { x, y }));
    }
    await Promise.all(waiting);
    this.#drawWires();
    this.#drawRegions();
    this.#showSelection();
    views.showFaults();
    this.#sight.look();
    this.empty = Object.keys(document.nodes).length === 0;
    this.dispatchEvent(new CustomEvent("view-changed"));
  }

  #drawRegions(): void {
    this.zones.set(this.session.document, this.session.catalog);
    this.frames.set(this.session.document);
  }

  #drawWires(): void {
    this.wires.set(wiresOf(this.session.document, this.#editor));
    this.wires.mark("selected", this.session.selection.edge);
    this.#shapes.draw();
  }

  /** Shows the shapes on all wires, or no more. */
  toggleShapes(): void {
    const all = this.#shapes.toggle();
    this.say(all ? "Shapes on all wires" : "Shapes on wires under the pointer and of selected nodes");
  }

  #wireEnds(wire: Wire): WireEnds | undefined {
    const from = this.portPlace({ node: wire.source, side: "output", port: wire.sourcePort });
    const to = this.portPlace({ node: wire.target, side: "input", port: wire.targetPort });
    return from && to ? { from, to } : undefined;
  }

  #moved(): void {
    const { x, y, k } = this.transform;
    const area = this.#part(".area");
    const grid = 24 * (k < 0.4 ? 4 : 1) * k;
    area.style.backgroundPosition = `${x}px ${y}px`;
    area.style.backgroundSize = `${grid}px ${grid}px`;
    area.classList.toggle("far", this.isFar);
    this.wires.isSeen = !this.isFar;
    // As one layer the canvas moves without being painted.
    const holder = this.#area?.area.content.holder;
    if (holder) this.#movingCanvas.move([holder]);
    this.#sight.follow();
    this.dispatchEvent(new CustomEvent("view-changed"));
  }

  #showSelection(): void {
    this.#views?.showSelection();
    this.#shapes.draw();
    this.wires.mark("selected", this.session.selection.edge);
    this.#sight.drawFar();
  }

  /** Shows a node's advanced parameters, or no more. */
  toggleAdvanced(node: string): void {
    this.#views?.toggleAdvanced(node);
    this.#views?.layOut(this.#editor.getNodes(), new Set([node]));
    this.wires.follow([node]);
  }

  /** Opens a field over a frame's title. */
  renameFrame(id: string): void {
    const root = this.shadowRoot;
    if (!root) return;
    editFrameTitle(root, id, this.getBoundingClientRect(), (title) => {
      if (title !== undefined) this.session.store.execute("Rename frame", setFrameTitle(id, title));
    });
  }

  /** Folds nodes to their header, or unfolds them when all are folded. */
  toggleFold(ids: readonly string[]): void {
    const folded = foldedOf(this.session.document.view);
    const all = ids.every((id) => folded.has(id));
    for (const id of ids) {
      if (all) folded.delete(id);
      else folded.add(id);
    }
    this.session.store.execute(all ? "Unfold" : "Fold", setView("folded", [...folded]));
  }

  #part(selector: string): HTMLElement {
    const element = this.renderRoot.querySelector<HTMLElement>(selector);
    if (!element) throw new Error(`The canvas has no part "${selector}".`);
    return element;
  }
}
