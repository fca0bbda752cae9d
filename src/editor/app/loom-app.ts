import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import type { GraphDocument } from "../../engine/graph/document.ts";
import type { LoomCanvas, SourceRequest } from "../canvas/loom-canvas.ts";
import type { ParamRef } from "../canvas/param-field.ts";
import type { PaletteRequest } from "../canvas/gestures/gesture.ts";
import { contains } from "../canvas/geometry.ts";
import { Autosave } from "../files/autosave.ts";
import type { SaveState } from "../files/autosave.ts";
import { readGraph } from "../files/read-graph.ts";
import type { Template } from "../files/templates.ts";
import { onDrop, pickFile, pickFolder } from "../files/transfer.ts";
import { rename, setParam } from "../graph/edits.ts";
import { insertNode, insertZone } from "../graph/insert.ts";
import type { PaletteEntry } from "../graph/search.ts";
import { zonesInside } from "../graph/zones.ts";
import type { MenuEntry } from "../panels/loom-menu.ts";
import type { LoomCarry } from "../panels/loom-carry.ts";
import type { LoomMask } from "../mask/loom-mask.ts";
import type { LoomShortcuts } from "../panels/loom-shortcuts.ts";
import type { LoomTemplates } from "../panels/loom-templates.ts";
import type { RunControl } from "../run/run-control.ts";
import { formatDuration } from "../run/run-model.ts";
import { actionFor } from "../shortcuts.ts";
import type { ActionId } from "../shortcuts.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { icons, mark } from "../theme/icons.ts";
import type { BackendChoice, LocalFile } from "../worker/engine-client.ts";
import { ACTIONS } from "./actions.ts";
import type { ActionHost } from "./actions.ts";
import { appStyles } from "./app-styles.ts";
import { listenToClipboard } from "./clipboard.ts";
import { menuAt } from "./context-menu.ts";
import type { MenuRequest } from "./context-menu.ts";

const EMPTY: GraphDocument = { format: 1, name: "New graph", nodes: {}, edges: [] };

/** The whole page: toolbar, canvas, list of problems and status bar. */
export class LoomApp extends LitElement implements ActionHost {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    palette: { state: true },
    menu: { state: true },
    showProblems: { state: true },
    showList: { state: true },
    notice: { state: true },
    saveState: { state: true },
  };

  static override styles = [controls, appStyles];

  declare session: EditorSession;
  declare control: RunControl;
  declare palette: PaletteRequest | undefined;
  declare menu: MenuRequest | undefined;
  declare showProblems: boolean;
  declare showList: boolean;
  declare notice: string;
  declare saveState: SaveState;
  #unsubscribe: (() => void)[] = [];
  #frame = 0;

  constructor() {
    super();
    this.palette = undefined;
    this.menu = undefined;
    this.showProblems = false;
    this.showList = false;
    this.notice = "";
    this.saveState = "saved";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { session, control } = this;
    const refresh = (): void => {
      this.#frame ||= requestAnimationFrame(() => {
        this.#frame = 0;
        this.requestUpdate();
      });
    };
    const saving = new Autosave(session.store, (state) => (this.saveState = state));
    void saving;
    this.#unsubscribe = [
      session.store.subscribe(refresh),
      session.store.subscribe(({ cause }) => {
        if (cause === "replace") void control.upgrade();
      }),
      session.selection.subscribe(refresh),
      session.runs.subscribe(refresh),
      control.subscribe(refresh),
      session.onFaults(refresh),
      listenToClipboard(
        session,
        () => this.#pastePlace(),
        (text) => (this.notice = text),
      ),
    ];
    window.addEventListener("keydown", this.#key);
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

  protected override render(): TemplateResult {
    const { session } = this;
    const problems = session.problems();
    const failure = this.notice === "" ? (this.control.failure ?? "") : this.notice;
    return html`${this.#toolbar()}
      <main>
        <loom-canvas
          .session=${session}
          @open-palette=${(event: CustomEvent<PaletteRequest>): void => {
            this.palette = event.detail;
          }}
          @contextmenu=${(event: MouseEvent): void => {
            const target = event.composedPath()[0];
            if (target instanceof HTMLElement && target.matches("input, textarea, pre")) return;
            event.preventDefault();
            this.menu = menuAt(this.canvas, session, event);
          }}
          @pick-source=${(event: CustomEvent<SourceRequest>): void => void this.#pickSource(event.detail)}
          @paint-mask=${(event: CustomEvent<ParamRef>): void => this.#paintMask(event.detail)}
          @edit-carry=${(event: CustomEvent<string>): void =>
            void this.renderRoot.querySelector<LoomCarry>("loom-carry")?.open(event.detail)}
          @open-templates=${(): void => this.openTemplates()}
          @view-failed=${(event: CustomEvent<unknown>): void => {
            this.notice = `The view could not follow the graph: ${String(event.detail)}`;
          }}
        ></loom-canvas>
        ${
          this.showList
            ? html`<loom-list
                .session=${session}
                @pick-source=${(event: CustomEvent<SourceRequest>): void => void this.#pickSource(event.detail)}
                @paint-mask=${(event: CustomEvent<ParamRef>): void => this.#paintMask(event.detail)}
                @reveal=${(event: CustomEvent<string>): void => void this.canvas.reveal(event.detail)}
                @close=${(): void => this.toggleList()}
              ></loom-list>`
            : nothing
        }
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
      ${
        this.showProblems
          ? html`<loom-problems
              .problems=${problems}
              @reveal=${(event: CustomEvent<string>): void => void this.canvas.reveal(event.detail)}
              @close=${(): void => {
                this.showProblems = false;
              }}
            ></loom-problems>`
          : html`<span hidden></span>`
      }
      ${this.#status(problems.length)}
      <loom-templates
        @choose=${(event: CustomEvent<Template>): void => {
          this.#open(event.detail.text, event.detail.name);
          this.canvas.element.focus({ preventScroll: true });
        }}
      ></loom-templates>
      <loom-carry .session=${session}></loom-carry> <loom-mask .session=${session}></loom-mask>
      <loom-shortcuts></loom-shortcuts>`;
  }

  #toolbar(): TemplateResult {
    const { store } = this.session;
    const button = (
      action: ActionId,
      label: string,
      icon: TemplateResult,
      disabled = false,
      extra = "",
    ): TemplateResult =>
      html`<button
        class="icon ${extra}"
        aria-label=${label}
        title=${label}
        ?disabled=${disabled}
        @click=${(): void => this.act(action)}
      >
        ${icon}
      </button>`;
    return html`<header class="bar">
      <span class="brand">${mark}<span class="label">Latent Loom</span></span>
      <input
        class="name"
        aria-label="Name of the graph"
        title=${store.document.description ?? ""}
        .value=${store.document.name ?? ""}
        placeholder="Name this graph"
        @change=${(event: Event): void =>
          store.execute("Rename graph", rename((event.currentTarget as HTMLInputElement).value))}
      />
      <span class="rule optional"></span>
      <button title="Templates" aria-label="Templates" @click=${(): void => this.openTemplates()}>
        ${icons.book}<span class="label">Templates</span>
      </button>
      <button
        class="optional"
        title="New graph"
        aria-label="New graph"
        @click=${(): void => store.replace(EMPTY, "New graph")}
      >
        ${icons.file}<span class="label">New</span>
      </button>
      <button
        class="optional"
        title="Open a graph file"
        aria-label="Open a graph file"
        @click=${(): void => this.act("open")}
      >
        ${icons.upload}<span class="label">Open</span>
      </button>
      <button title="Save as a file" aria-label="Save as a file" @click=${(): void => this.act("save")}>
        ${icons.download}<span class="label">Save</span>
      </button>
      <span class="rule"></span>
      ${button("undo", store.undoLabel === undefined ? "Undo" : `Undo: ${store.undoLabel}`, icons.undo, store.undoLabel === undefined)}
      ${button("redo", store.redoLabel === undefined ? "Redo" : `Redo: ${store.redoLabel}`, icons.redo, store.redoLabel === undefined, "scarce")}
      ${button("palette", "Add a node", icons.plus)}
      ${button("fit", "Show all", icons.fit, false, "optional")}
      ${button("tidy", "Tidy the graph", icons.tidy, false, "optional")}
      <button
        class="icon optional"
        aria-label="The graph as a list"
        title="The graph as a list"
        aria-pressed=${this.showList}
        @click=${(): void => this.act("list")}
      >
        ${icons.list}
      </button>
      ${button("help", "Keyboard and pointer", icons.keyboard, false, "optional")}
      <span class="gap"></span>
      ${
        this.session.runs.phase === "idle"
          ? html`<button class="run primary" title="Run the graph" @click=${(): void => this.act("run")}>
              ${icons.play}<span class="label">Run</span>
            </button>`
          : html`<button
              class="run outlined danger"
              ?disabled=${this.session.runs.phase === "cancelling"}
              @click=${(): void => this.act("cancel")}
            >
              ${icons.stop}<span class="label"
                >${this.session.runs.phase === "cancelling" ? "Cancelling" : "Cancel"}</span
              >
            </button>`
      }
    </header>`;
  }

  #status(problems: number): TemplateResult {
    const { runtime, failure } = this.control;
    const { runs, document } = this.session;
    const state = runtime ? "" : failure === undefined ? "waiting" : "failed";
    const engine = runtime
      ? `${runtime.backend}${runtime.adapter === undefined ? "" : ` on ${runtime.adapter}`}`
      : failure === undefined
        ? "starting the engine"
        : "the engine did not start";
    const nodes = Object.keys(document.nodes).length;
    const { done, total } = runs.count;
    const summary = runs.summary;
    return html`<footer class="status">
      <span class="engine" title=${runtime?.reason ?? ""}><i class="dot ${state}"></i>${engine}</span>
      <label class="optional"
        >Backend
        <select
          aria-label="Backend"
          .value=${this.control.backend}
          @change=${(event: Event): void =>
            void this.control
              .start((event.currentTarget as HTMLSelectElement).value as BackendChoice)
              .catch(() => undefined)}
        >
          ${["auto", "webgpu", "wasm", "cpu"].map((name) => html`<option value=${name}>${name}</option>`)}
        </select></label
      >
      <button
        class=${problems > 0 ? "bad" : ""}
        aria-expanded=${this.showProblems}
        @click=${(): void => {
          this.showProblems = !this.showProblems;
        }}
      >
        ${problems === 0 ? "No problems" : problems === 1 ? "1 problem" : `${problems} problems`}
      </button>
      <span class="progress" role="status"
        >${
          runs.phase !== "idle"
            ? `Running ${done} of ${total}`
            : summary
              ? `${{ done: "Done", cancelled: "Cancelled", failed: "Failed" }[summary.kind]} after ${formatDuration(summary.ms)}`
              : ""
        }</span
      >
      <span class="gap"></span>
      <span class="optional">${nodes === 1 ? "1 node" : `${nodes} nodes`}</span>
      <span class=${this.saveState === "failed" ? "bad" : ""} data-save=${this.saveState}
        >${{ saved: "Saved", saving: "Saving", failed: "Not saved: the browser keeps nothing here" }[this.saveState]}</span
      >
    </footer>`;
  }

  #paletteAt(request: PaletteRequest): TemplateResult {
    const { x, y, k } = this.canvas.transform;
    const place = this.#within(
      request.x * k + x,
      request.y * k + y,
      Math.min(400, window.innerWidth - 16),
      440,
    );
    return html`<loom-palette
      ${ref(place)}
      .catalog=${this.session.catalog}
      .end=${request.from}
      @choose=${(event: CustomEvent<PaletteEntry>): void => this.#add(event.detail, request)}
      @close=${(): void => {
        this.palette = undefined;
        this.canvas.element.focus({ preventScroll: true });
      }}
    ></loom-palette>`;
  }

  #menuAt({ x, y, entries }: MenuRequest): TemplateResult {
    return html`<loom-menu
      ${ref(this.#within(x, y, 240, entries.length * 30 + 12))}
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

  /** Places an element at a point of the canvas, moved in where it would stand out. */
  #within(x: number, y: number, width: number, height: number): (element: Element | undefined) => void {
    const left = Math.max(8, Math.min(x, this.canvas.clientWidth - width - 8));
    const top = Math.max(8, Math.min(y, this.canvas.clientHeight - height - 8));
    return (element) => {
      if (element instanceof HTMLElement) element.style.transform = `translate(${left}px, ${top}px)`;
    };
  }

  #add(entry: PaletteEntry, request: PaletteRequest): void {
    this.palette = undefined;
    const { store, catalog, selection } = this.session;
    const at = [
      Math.round(request.x / 10) * 10 - (request.from?.side === "input" ? 264 : 0),
      Math.round(request.y / 10) * 10,
    ] as const;
    const zone = this.#zoneAt(request.x, request.y);
    const insertion =
      entry.kind === "zone"
        ? insertZone(store.document, catalog, entry.id, at, { end: request.from, parent: zone })
        : insertNode(store.document, catalog, entry.id, at, { end: request.from, zone });
    store.execute(`Add ${entry.title}`, insertion.edit);
    selection.set(insertion.ids);
    this.canvas.element.focus({ preventScroll: true });
  }

  /** Under the pointer, where it is over the canvas; else in the middle. */
  #pastePlace(): { at: readonly [number, number]; zone: string | undefined } {
    const { x, y } = this.canvas.pointer ?? this.canvas.center();
    return { at: [Math.round(x / 10) * 10, Math.round(y / 10) * 10], zone: this.#zoneAt(x, y) };
  }

  /** The innermost zone whose region holds a point. */
  #zoneAt(x: number, y: number): string | undefined {
    const { document } = this.session;
    let inner: string | undefined;
    for (const zone of Object.keys(document.zones ?? {})) {
      const region = this.canvas.zones.regionOf(document, zone);
      if (region && contains(region, x, y) && (inner === undefined || zonesInside(document, inner).has(zone)))
        inner = zone;
    }
    return inner;
  }

  #dismiss(): void {
    this.notice = "";
    this.control.clearFailure();
  }

  openTemplates(): void {
    void this.renderRoot.querySelector<LoomTemplates>("loom-templates")?.open();
  }

  #open(text: string, name: string): void {
    try {
      this.session.store.replace(readGraph(text), `Open ${name}`);
      this.notice = "";
    } catch (error) {
      this.notice = `${name} was not opened. ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** A picture or a model that is dropped on a node becomes its source; anything else should be a graph. */
  async #dropped(file: File, event: DragEvent): Promise<void> {
    const node = this.canvas.nodeOf(event);
    const source = node?.node.shape.params.find((param) => param.spec.kind === "source");
    if (!node || !source || file.name.endsWith(".json")) return this.#openFile(file);
    await this.#useFiles(this.canvas.idOf(node), source.name, [{ path: file.name, file }]);
  }

  async #pickSource({ node, name, holds }: SourceRequest): Promise<void> {
    if (holds === "model" || holds === "dataset") return this.#useFiles(node, name, await pickFolder());
    const file = await pickFile(holds === "image" ? "image/png,image/jpeg" : "");
    if (file) await this.#useFiles(node, name, [{ path: file.name, file }]);
  }

  #paintMask(param: ParamRef): void {
    void this.renderRoot.querySelector<LoomMask>("loom-mask")?.open(param);
  }

  async #useFiles(node: string, name: string, files: readonly LocalFile[]): Promise<void> {
    const [first] = files;
    if (!first) return;
    await this.control.addFiles(files);
    const path = files.length === 1 ? first.path : (first.path.split("/")[0] ?? first.path);
    this.session.store.execute(`Set ${name}`, setParam(node, name, `file:${path}`));
  }

  async #openFile(file: File): Promise<void> {
    this.#open(await file.text(), file.name);
  }

  #key = (event: KeyboardEvent): void => {
    const target = event.composedPath()[0];
    const inField =
      target instanceof HTMLElement &&
      target.matches("input:not([type=checkbox]), select, textarea, dialog *");
    const action = actionFor(event, inField);
    if (action === undefined) return;
    if (action === "palette" && target instanceof HTMLElement && target.matches("button, input, summary"))
      return;
    event.preventDefault();
    this.act(action);
  };

  act(action: ActionId): void {
    ACTIONS[action](this);
  }

  openPaletteAtCenter(): void {
    this.palette = this.canvas.center();
  }

  openFile(): void {
    void pickFile(".json,application/json").then((file) => (file ? this.#openFile(file) : undefined));
  }

  openHelp(): void {
    void this.renderRoot.querySelector<LoomShortcuts>("loom-shortcuts")?.open();
  }

  toggleList(): void {
    this.showList = !this.showList;
  }

  toggleProblems(): void {
    this.showProblems = !this.showProblems;
  }
}
