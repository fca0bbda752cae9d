import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { expand } from "../../engine/graph/expand.ts";
import type { LoomCanvas, SourceRequest } from "../canvas/loom-canvas.ts";
import type { ParamRef } from "../canvas/param-field.ts";
import type { PaletteRequest } from "../canvas/gestures/gesture.ts";
import { Pins } from "../inspect/pins.ts";
import type { Template } from "../files/templates.ts";
import { onDrop, pickFile } from "../files/transfer.ts";
import { omit } from "../graph/edits.ts";
import { fragmentOf } from "../graph/fragment.ts";
import type { PaletteEntry, PaletteExtras } from "../graph/search.ts";
import { DownloadConsent } from "../models/consent.ts";
import type { LoomDownloads } from "../models/loom-downloads.ts";
import type { LoomMemory } from "../memory/loom-memory.ts";
import type { LoomModels } from "../models/loom-models.ts";
import type { MenuEntry } from "../panels/loom-menu.ts";
import type { LoomCarry } from "../panels/loom-carry.ts";
import type { LoomMask } from "../mask/loom-mask.ts";
import type { LoomShortcuts } from "../panels/loom-shortcuts.ts";
import type { LoomTemplates } from "../panels/loom-templates.ts";
import { offersFor } from "../run/missing.ts";
import type { Offer } from "../run/missing.ts";
import type { Fault } from "../worker/engine-client.ts";
import { takeOffer } from "./take-offer.ts";
import type { DockPanel } from "../run/loom-dock.ts";
import type { LoomQueue } from "../run/loom-queue.ts";
import type { RunControl } from "../run/run-control.ts";
import { actionFor } from "../shortcuts.ts";
import type { ActionId } from "../shortcuts.ts";
import { closedSubgraphs } from "../store/subgraph-commands.ts";
import type { LoomOwn } from "../subgraph/loom-own.ts";
import type { LoomPorts } from "../subgraph/loom-ports.ts";
import { OwnNodes, infoOf } from "../subgraph/own-nodes.ts";
import type { PictureHistory } from "../history/history.ts";
import type { LoomKeeping } from "../keeping/loom-keeping.ts";
import type { Keeper } from "../library/keeper.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import type { Room } from "../worker/models-client.ts";
import { ACTIONS } from "./actions.ts";
import type { ActionHost } from "./actions.ts";
import { appStyles } from "./app-styles.ts";
import { listenToClipboard } from "./clipboard.ts";
import { menuAt } from "./context-menu.ts";
import { hasModal } from "./modal.ts";
import type { MenuRequest } from "./context-menu.ts";
import { addChosen, pastePlace, placeWithin } from "./placing.ts";
import { SourceFiles } from "./source-files.ts";
import { statusBar } from "./status-bar.ts";
import { toolbar } from "./toolbar.ts";

/** The whole page: toolbar, canvas, list of problems and status bar. */
export class LoomApp extends LitElement implements ActionHost {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    keeper: { attribute: false },
    history: { attribute: false },
    palette: { state: true },
    menu: { state: true },
    showProblems: { state: true },
    showList: { state: true },
    dock: { state: true },
    showInspector: { state: true },
    notice: { state: true },
  };

  static override styles = [controls, appStyles];

  declare session: EditorSession;
  declare control: RunControl;
  declare keeper: Keeper;
  declare history: PictureHistory;
  declare palette: PaletteRequest | undefined;
  declare menu: MenuRequest | undefined;
  declare showProblems: boolean;
  declare showList: boolean;
  declare dock: DockPanel | undefined;
  declare showInspector: boolean;
  declare notice: string;
  readonly pins = new Pins();
  #unsubscribe: (() => void)[] = [];
  #sources: SourceFiles | undefined;
  readonly own = new OwnNodes();
  #frame = 0;
  #extras: PaletteExtras = {};

  constructor() {
    super();
    this.palette = undefined;
    this.menu = undefined;
    this.showProblems = false;
    this.showList = false;
    this.dock = undefined;
    this.showInspector = false;
    this.notice = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { session, control } = this;
    this.#sources = new SourceFiles(() => this.canvas, control);
    const { models } = control;
    const consent =
      models &&
      new DownloadConsent(session.catalog.description, models, async (question) =>
        this.#part<LoomDownloads>("loom-downloads").ask(question),
      );
    if (consent)
      control.consent = (only) =>
        consent.agree(expand(session.base.description, session.store.root).document, only);
    const refresh = (): void => {
      this.#frame ||= requestAnimationFrame(() => {
        this.#frame = 0;
        this.requestUpdate();
      });
    };
    this.#unsubscribe = [
      session.store.subscribe(refresh),
      session.store.subscribe(({ cause }) => {
        if (cause === "replace") void control.upgrade();
      }),
      session.selection.subscribe(refresh),
      session.runs.subscribe(refresh),
      control.subscribe(refresh),
      control.memory.subscribe(refresh),
      this.keeper.subscribe(refresh),
      session.onFaults(refresh),
      listenToClipboard(
        session,
        () => pastePlace(this.canvas),
        (text) => (this.notice = text),
      ),
    ];
    window.addEventListener("keydown", this.#key);
    void this.own.load().catch(() => undefined);
    onDrop(document.body, (file, event) => void this.#dropped(file, event));
    void control.start().then(
      () => control.upgrade(),
      () => undefined,
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    window.removeEventListener("keydown", this.#key);
  }

  /** The minimap is given the canvas, which is there only now. */
  protected override firstUpdated(): void {
    void this.updateComplete.then(() => this.requestUpdate());
  }

  get canvas(): LoomCanvas {
    const canvas = this.renderRoot.querySelector<LoomCanvas>("loom-canvas");
    if (!canvas) throw new Error("The page has no canvas yet.");
    return canvas;
  }

  get keeping(): LoomKeeping {
    const keeping = this.renderRoot.querySelector<LoomKeeping>("loom-keeping");
    if (!keeping) throw new Error("The page is not drawn yet.");
    return keeping;
  }

  protected override render(): TemplateResult {
    const { session } = this;
    const problems = session.problems();
    const failure = this.notice === "" ? (this.control.failure ?? "") : this.notice;
    return html`${toolbar(this)}
      <main>
        <loom-canvas
          .session=${session}
          @open-palette=${(event: CustomEvent<PaletteRequest>): void => this.#openPalette(event.detail)}
          @contextmenu=${(event: MouseEvent): void => {
            const target = event.composedPath()[0];
            if (target instanceof HTMLElement && target.matches("input, textarea, pre")) return;
            event.preventDefault();
            this.menu = menuAt(this.canvas, session, event);
          }}
          @pick-source=${(event: CustomEvent<SourceRequest>): void => void this.#sources?.pick(event.detail)}
          @paint-mask=${(event: CustomEvent<ParamRef>): void => this.#paintMask(event.detail)}
          @edit-carry=${(event: CustomEvent<string>): void =>
            void this.renderRoot.querySelector<LoomCarry>("loom-carry")?.open(event.detail)}
          @edit-ports=${(): void => void this.renderRoot.querySelector<LoomPorts>("loom-ports")?.open()}
          @keep-own=${(event: CustomEvent<string>): void => void this.#keepOwn(event.detail)}
          @open-templates=${(): void => this.openTemplates()}
          @view-failed=${(event: CustomEvent<unknown>): void => {
            this.notice = `The view could not follow the graph: ${String(event.detail)}`;
          }}
        ></loom-canvas>
        ${
          this.showList
            ? html`<loom-list
                .session=${session}
                @pick-source=${(event: CustomEvent<SourceRequest>): void => void this.#sources?.pick(event.detail)}
                @paint-mask=${(event: CustomEvent<ParamRef>): void => this.#paintMask(event.detail)}
                @reveal=${(event: CustomEvent<string>): void => void this.canvas.reveal(event.detail)}
                @act=${(event: CustomEvent<ActionId>): void => this.act(event.detail)}
                @close=${(): void => this.toggleList()}
              ></loom-list>`
            : nothing
        }
        <loom-crumbs .session=${session}></loom-crumbs>
        ${
          this.showInspector
            ? html`<loom-inspector
                .session=${session}
                .control=${this.control}
                .pins=${this.pins}
                @close=${(): void => this.toggleInspector()}
              ></loom-inspector>`
            : nothing
        }
        <loom-wire-card
          .session=${session}
          .control=${this.control}
          .pins=${this.pins}
          .canvas=${this.hasUpdated ? this.canvas : undefined}
          @pin=${(): void => {
            this.showInspector = true;
          }}
        ></loom-wire-card>
        <loom-minimap .canvas=${this.hasUpdated ? this.canvas : undefined} .session=${session}></loom-minimap>
        ${this.palette ? this.#paletteAt(this.palette) : nothing}
        ${this.menu ? this.#menuAt(this.menu) : nothing}
        ${
          failure === ""
            ? nothing
            : html`<div class="toast" role="alert">
                <span>${failure}</span>
                <button class="icon" aria-label="Close the message" @click=${(): void => this.#dismiss()}>
                  ${icons.close}
                </button>
              </div>`
        }
      </main>
      <div>
        ${
          this.dock
            ? html`<loom-dock
                .session=${session}
                .control=${this.control}
                .panel=${this.dock}
                @choose=${(event: CustomEvent<DockPanel>): void => {
                  this.dock = event.detail;
                }}
                @close=${(): void => {
                  this.dock = undefined;
                }}
              ></loom-dock>`
            : nothing
        }
        ${
          this.showProblems
            ? html`<loom-problems
                .problems=${problems}
                .offers=${(fault: Fault): Offer[] => offersFor(fault, session.expanded, session.base)}
                @offer=${(event: CustomEvent<Offer>): void => this.#takeOffer(event.detail)}
                @reveal=${(event: CustomEvent<string>): void => void this.canvas.reveal(event.detail)}
                @close=${(): void => {
                  this.showProblems = false;
                }}
              ></loom-problems>`
            : nothing
        }
      </div>
      ${statusBar(this, problems.length)}
      <loom-templates
        @choose=${(event: CustomEvent<Template>): void => {
          this.keeping.openTemplate(event.detail.text, event.detail.name);
          this.canvas.element.focus({ preventScroll: true });
        }}
      ></loom-templates>
      <loom-keeping
        .session=${session}
        .control=${this.control}
        .keeper=${this.keeper}
        .history=${this.history}
        @notice=${(event: CustomEvent<string>): void => {
          this.notice = event.detail;
        }}
        @opened=${(): void => {
          this.notice = "";
        }}
      ></loom-keeping>
      <loom-carry .session=${session}></loom-carry> <loom-mask .session=${session}></loom-mask>
      <loom-ports .session=${session}></loom-ports> <loom-own .own=${this.own}></loom-own>
      <loom-memory .session=${session} .memory=${this.control.memory}></loom-memory>
      <loom-models .models=${this.control.models}></loom-models>
      <loom-downloads .room=${this.#room}></loom-downloads>
      <loom-shortcuts></loom-shortcuts>
      <loom-queue .session=${session} .control=${this.control}></loom-queue>`;
  }

  #paletteAt(request: PaletteRequest): TemplateResult {
    const { x, y, k } = this.canvas.transform;
    const place = placeWithin(
      this.canvas,
      [request.x * k + x, request.y * k + y],
      [Math.min(400, window.innerWidth - 16), 440],
    );
    return html`<loom-palette
      ${ref(place)}
      .catalog=${this.session.catalog}
      .end=${request.from}
      .extras=${this.#extras}
      @choose=${(event: CustomEvent<PaletteEntry>): void => {
        this.palette = undefined;
        addChosen(this.canvas, event.detail, request, this.own.nodes);
      }}
      @close=${(): void => {
        this.palette = undefined;
        this.canvas.element.focus({ preventScroll: true });
      }}
    ></loom-palette>`;
  }

  #menuAt({ x, y, entries }: MenuRequest): TemplateResult {
    return html`<loom-menu
      ${ref(placeWithin(this.canvas, [x, y], [240, entries.length * 30 + 12]))}
      .entries=${entries}
      @choose=${(event: CustomEvent<MenuEntry>): void => {
        this.menu = undefined;
        const { run, action } = event.detail;
        this.canvas.element.focus({ preventScroll: true });
        if (run) run();
        else if (action) this.act(action);
      }}
      @close=${(): void => {
        this.menu = undefined;
      }}
    ></loom-menu>`;
  }

  #takeOffer(offer: Offer): void {
    void takeOffer(offer, this.canvas, {
      pick: (request) => void this.#sources?.pick(request),
      palette: (request) => (this.palette = request),
    });
  }

  #dismiss(): void {
    this.notice = "";
    this.control.clearFailure();
  }

  openTemplates(): void {
    void this.renderRoot.querySelector<LoomTemplates>("loom-templates")?.open();
  }

  /** A picture or a model that is dropped on a node becomes its source; anything else should be a graph. */
  async #dropped(file: File, event: DragEvent): Promise<void> {
    try {
      if (!(await this.#sources?.drop(file, event))) await this.keeping.openFile(file);
    } catch (error) {
      this.notice = error instanceof Error ? error.message : String(error);
    }
  }

  #paintMask(param: ParamRef): void {
    void this.renderRoot.querySelector<LoomMask>("loom-mask")?.open(param);
  }

  #key = (event: KeyboardEvent): void => {
    const target = event.composedPath()[0];
    const inField =
      hasModal(this.renderRoot) ||
      (target instanceof HTMLElement &&
        target.matches("input:not([type=checkbox]), select, textarea, dialog *"));
    const action = actionFor(event, inField);
    if (action === undefined) return;
    const onPress = action === "palette" || action === "open-subgraph";
    if (onPress && target instanceof HTMLElement && target.matches("button, input, summary, a")) return;
    event.preventDefault();
    this.act(action);
  };

  act(action: ActionId): void {
    ACTIONS[action](this);
  }

  openPaletteAtCenter(): void {
    this.#openPalette(this.canvas.center());
  }

  #openPalette(request: PaletteRequest): void {
    const { session, own } = this;
    const kept = own.nodes.flatMap((node) => {
      const info = infoOf(session.base.description, node);
      return info ? [{ name: node.name, info }] : [];
    });
    this.#extras = { own: kept, closed: closedSubgraphs(session) };
    this.palette = request;
    // What another tab kept meanwhile is there the next time.
    void own.load().catch(() => undefined);
  }

  async #keepOwn(id: string): Promise<void> {
    const { document, catalog } = this.session;
    const graph = fragmentOf(document, catalog, [id]);
    const name = catalog.node(document.nodes[id]?.type ?? "")?.title ?? id;
    try {
      await this.own.keep(name, { ...omit(graph, "zones"), name });
      this.openOwnNodes();
    } catch (error) {
      this.notice = `${name} could not be kept: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  openOwnNodes(): void {
    void this.renderRoot.querySelector<LoomOwn>("loom-own")?.open();
  }

  tell(text: string): void {
    if (text !== "") this.notice = text;
  }

  openMemory(): void {
    void this.#part<LoomMemory>("loom-memory").open();
  }

  openModels(): void {
    void this.#part<LoomModels>("loom-models").open();
  }

  #room = async (): Promise<Room | undefined> => this.control.models?.room();

  #part<T extends Element>(name: string): T {
    const part = this.renderRoot.querySelector<T>(name);
    if (!part) throw new Error(`The page has no ${name} yet.`);
    return part;
  }

  openFile(): void {
    void pickFile(".json,.png,application/json,image/png").then((file) =>
      file ? this.keeping.openFile(file) : undefined,
    );
  }

  openHelp(): void {
    void this.renderRoot.querySelector<LoomShortcuts>("loom-shortcuts")?.open();
  }

  toggleList(): void {
    this.showList = !this.showList;
    if (this.showList) this.showInspector = false;
  }

  /** List and inspector stand in the same place. */
  toggleInspector(): void {
    this.showInspector = !this.showInspector;
    if (this.showInspector) this.showList = false;
  }

  toggleDock(panel: DockPanel): void {
    this.dock = this.dock === panel ? undefined : panel;
  }

  openQueue(): void {
    void this.renderRoot.querySelector<LoomQueue>("loom-queue")?.open();
  }

  toggleProblems(): void {
    this.showProblems = !this.showProblems;
  }
}
