import { LitElement, html, nothing } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Preview } from "../../engine/node/define-node.ts";
import type { Catalog } from "../graph/catalog.ts";
import type { TypedNode } from "../rete/typed-node.ts";
import type { NodeRun } from "../run/run-model.ts";
import { controls } from "../theme/controls.ts";
import { familyColor } from "../theme/family-color.ts";
import { icons } from "../theme/icons.ts";
import type { Fault } from "../worker/engine-client.ts";
import { NODE, isNote, isReroute } from "./geometry.ts";
import type { NodeLayout } from "./geometry.ts";
import type { NodeActions, WireOffer } from "./node/contract.ts";
import { noteBody, showNote } from "./node/note.ts";
import { paramRow } from "./node/params.ts";
import type { ParamFace } from "./node/params.ts";
import { portRows, sideSockets } from "./node/ports.ts";
import { drawPreview, previewOf } from "./node/preview.ts";
import { progressOf, stateOf } from "./node/status.ts";
import { titleField } from "./node/title-field.ts";
import { nodeStyles } from "./node-styles.ts";

/** One node on the canvas. Its parts stand at the places that geometry.ts computes. */
export class LoomNode extends LitElement implements ParamFace {
  static override properties = {
    node: { attribute: false },
    layout: { attribute: false },
    wired: { attribute: false },
    run: { attribute: false },
    faults: { attribute: false },
    offer: { attribute: false },
    advanced: { attribute: false },
    renaming: { state: true },
    editing: { state: true },
    inactive: { type: Boolean, reflect: true },
    selected: { type: Boolean, reflect: true },
    collapsed: { type: Boolean, reflect: true },
  };

  static override styles = [controls, ...nodeStyles];

  declare node: TypedNode;
  declare layout: NodeLayout;
  /** Address that each wired input is fed from. */
  declare wired: ReadonlyMap<string, string>;
  declare run: NodeRun;
  declare faults: readonly Fault[];
  declare offer: WireOffer | undefined;
  declare advanced: boolean;
  declare renaming: boolean;
  /** Whether the text of a note is being written. */
  declare editing: boolean;
  /** It does not run: it is muted or bypassed, or depends on a node that is muted. */
  declare inactive: boolean;
  declare selected: boolean;
  declare collapsed: boolean;
  declare catalog: Catalog;
  declare actions: NodeActions;
  declare wiredOutputs: ReadonlySet<string>;
  /** Pictures of the sockets, shared by all nodes of a canvas. */
  declare pins: CSSStyleSheet;

  #drawn: Preview | undefined;

  constructor() {
    super();
    this.selected = false;
    this.collapsed = false;
    this.renaming = false;
    this.editing = false;
    this.inactive = false;
    this.advanced = false;
    this.faults = [];
    this.offer = undefined;
    this.wired = new Map();
    this.wiredOutputs = new Set();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "group");
  }

  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    const root = super.createRenderRoot();
    if (root instanceof ShadowRoot) root.adoptedStyleSheets.push(this.pins);
    return root;
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { shape } = this.node;
    const problems = this.messages;
    this.toggleAttribute("reroute", isReroute(shape));
    this.dataset["status"] = this.run.status;
    const { mode } = this.node.record;
    if (mode === undefined) delete this.dataset["mode"];
    else this.dataset["mode"] = mode;
    this.toggleAttribute("data-bad", problems.length > 0);
    const parts = [
      shape.title,
      this.#mode(),
      this.run.status === "idle" ? "" : this.run.status,
      ...problems.map((fault) => fault.message),
    ];
    this.setAttribute("aria-label", parts.filter((part) => part !== "").join(", "));
    if (changed.has("node")) this.style.setProperty("--family", familyColor(this.node.record.type));
  }

  protected override render(): TemplateResult {
    const { shape } = this.node;
    const { preview } = this.run;
    if (isReroute(shape))
      return html`<div class="card reroute" title=${this.#help()}>${sideSockets(this, shape)}</div>`;
    return html`<div class="card">
      <header title=${this.#help()} @dblclick=${this.#startRename}>
        ${this.renaming ? titleField(shape.title, this.#endRename) : html`<span class="title">${shape.title}</span>`}
        ${this.#mode() === "" ? nothing : html`<span class="mode">${this.#mode()}</span>`}
        ${stateOf(this.run)}
        <button
          class="fold"
          tabindex="-1"
          aria-label=${this.collapsed ? `Unfold ${shape.title}` : `Fold ${shape.title}`}
          aria-expanded=${!this.collapsed}
          @click=${(): void => this.actions.toggleFold(this.node.id)}
        >
          ${icons.chevron}
        </button>
        ${progressOf(this.run)}
      </header>
      ${this.collapsed ? sideSockets(this, shape) : isNote(shape) ? this.#note() : this.#body()}
      ${preview && !this.collapsed ? previewOf(preview) : nothing}
      ${this.messages.map((fault) => html`<p class="message" role="alert">${fault.message}</p>`)}
      ${this.run.warnings.map((message) => html`<p class="message warning">${message}</p>`)}
    </div>`;
  }

  #body(): TemplateResult {
    const { shape } = this.node;
    return html`<div class="body">
      ${portRows(this, shape)}
      ${repeat(
        this.layout.params,
        (param) => param.name,
        (param) => paramRow(this, param),
      )}
      ${
        this.layout.hasAdvanced
          ? html`<button
              class="advanced"
              tabindex="-1"
              aria-expanded=${this.advanced}
              @click=${(): void => this.actions.toggleAdvanced(this.node.id)}
            >
              ${icons.chevron}
              ${
                this.advanced
                  ? "Fewer settings"
                  : this.layout.hiddenParams === 1
                    ? "1 more setting"
                    : `${this.layout.hiddenParams} more settings`
              }
            </button>`
          : nothing
      }
      ${
        shape.info?.zoneEnd
          ? html`<button
              class="advanced"
              tabindex="-1"
              title="Values that go from one iteration to the next"
              @click=${(): void => this.actions.editCarry(this.node.record.zone ?? "")}
            >
              ${icons.loop} Carried values
            </button>`
          : nothing
      }
      ${
        shape.info?.subgraph === undefined
          ? nothing
          : html`<button
              class="advanced"
              tabindex="-1"
              @click=${(): void => this.actions.openSubgraph(this.node.id)}
            >
              ${icons.tidy} Open the subgraph
            </button>`
      }
      ${
        shape.info?.boundary === undefined
          ? nothing
          : html`<button class="advanced" tabindex="-1" @click=${(): void => this.actions.editPorts()}>
              ${icons.plus} Ports
            </button>`
      }
    </div>`;
  }

  #mode(): string {
    const { mode } = this.node.record;
    return mode === "mute" ? "muted" : mode === "bypass" ? "bypassed" : this.inactive ? "does not run" : "";
  }

  get #text(): string {
    return String(this.node.record.params["text"] ?? "");
  }

  #note(): TemplateResult {
    return noteBody({
      text: this.#text,
      editing: this.editing,
      change: (text) => this.actions.setParam(this.node.id, "text", text),
      start: () => this.editNote(),
      done: () => {
        if (!this.editing) return;
        this.editing = false;
        this.actions.sealParam();
        this.focus({ preventScroll: true });
      },
    });
  }

  /** Opens the field of a note. */
  editNote(): void {
    if (!isNote(this.node.shape) || this.collapsed) return;
    this.editing = true;
    void this.updateComplete.then(() => this.renderRoot.querySelector("textarea")?.focus());
  }

  protected override updated(): void {
    const { preview, progress } = this.run;
    const root = this.renderRoot;
    const canvas = root.querySelector<HTMLCanvasElement>(".preview canvas");
    if (!canvas) this.#drawn = undefined;
    else if (preview && preview !== this.#drawn) {
      this.#drawn = preview;
      drawPreview(canvas, preview);
    }
    const note = root.querySelector(".note > .text");
    if (note) void showNote(note, this.#text);
    const body = root.querySelector<HTMLElement>(".body");
    if (body) body.style.height = `${this.layout.height - NODE.header}px`;
    const bar = root.querySelector<HTMLElement>(".bar > i");
    if (bar)
      bar.style.transform = progress && progress.total > 0 ? `scaleX(${progress.done / progress.total})` : "";
  }

  /** What is wrong with the node: an error of the run, else faults of the graph. */
  get messages(): readonly Fault[] {
    const { error } = this.run;
    if (!error) return this.faults;
    return [{ message: error.message, ...(error.port === undefined ? {} : { port: error.port }) }];
  }

  #help(): string {
    const { info } = this.node.shape;
    return info
      ? `${info.title}: ${info.doc}`
      : `Nothing here knows the node type "${this.node.record.type}".`;
  }

  #startRename = (): void => {
    this.renaming = true;
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLInputElement>(".title-edit")?.select(),
    );
  };

  /** Opens the field for the node's own title. */
  rename(): void {
    this.#startRename();
  }

  #endRename = (title: string | undefined): void => {
    if (!this.renaming) return;
    this.renaming = false;
    if (title === undefined) return;
    this.actions.setTitle(this.node.id, title === this.node.shape.info?.title ? "" : title);
  };
}
