import { LitElement, html, nothing } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Preview } from "../../engine/node/define-node.ts";
import type { ParamValue, SourceParam } from "../../engine/node/params.ts";
import { portOfParam } from "../graph/catalog.ts";
import type { Catalog, ParamInfo, PortInfo } from "../graph/catalog.ts";
import type { TypedNode } from "../rete/typed-node.ts";
import { formatBytes, formatDuration, reasonWords } from "../run/run-model.ts";
import type { NodeRun } from "../run/run-model.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import type { Fault } from "../worker/engine-client.ts";
import { drawChart, drawImage } from "./draw-preview.ts";
import { NODE, isReroute } from "./geometry.ts";
import type { NodeLayout } from "./geometry.ts";
import { nodeStyles } from "./node-styles.ts";
import { paramField } from "./param-field.ts";

export type Side = "input" | "output";

/** What a person does on a node that changes the document. */
export interface NodeActions {
  setParam(node: string, name: string, value: ParamValue): void;
  sealParam(): void;
  toggleFold(node: string): void;
  toggleAdvanced(node: string): void;
  editCarry(zone: string): void;
  pickSource(node: string, name: string, holds: SourceParam["holds"]): void;
  paintMask(node: string, name: string): void;
  setTitle(node: string, title: string): void;
}

/** While a wire is dragged: which ports of this node take it, and why the others do not. */
export interface WireOffer {
  readonly side: Side;
  readonly fits: ReadonlySet<string>;
  readonly refusals: ReadonlyMap<string, string>;
}

/** One node on the canvas. Its parts stand at the places that geometry.ts computes. */
export class LoomNode extends LitElement {
  static override properties = {
    node: { attribute: false },
    layout: { attribute: false },
    wired: { attribute: false },
    run: { attribute: false },
    faults: { attribute: false },
    offer: { attribute: false },
    advanced: { attribute: false },
    renaming: { state: true },
    selected: { type: Boolean, reflect: true },
    collapsed: { type: Boolean, reflect: true },
    far: { type: Boolean, reflect: true },
  };

  static override styles = [controls, nodeStyles];

  declare node: TypedNode;
  declare layout: NodeLayout;
  /** Address that each wired input is fed from. */
  declare wired: ReadonlyMap<string, string>;
  declare run: NodeRun;
  declare faults: readonly Fault[];
  declare offer: WireOffer | undefined;
  declare advanced: boolean;
  declare renaming: boolean;
  declare selected: boolean;
  declare collapsed: boolean;
  /** Seen from so far that its ports and fields cannot be read: they are not laid out then. */
  declare far: boolean;
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
    this.far = false;
    this.renaming = false;
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
    const problems = this.#messages();
    this.toggleAttribute("reroute", isReroute(shape));
    this.dataset["status"] = this.run.status;
    this.toggleAttribute("data-bad", problems.length > 0);
    const parts = [
      shape.title,
      this.run.status === "idle" ? "" : this.run.status,
      ...problems.map((fault) => fault.message),
    ];
    this.setAttribute("aria-label", parts.filter((part) => part !== "").join(", "));
    if (changed.has("layout"))
      this.style.containIntrinsicSize = `auto ${NODE.width}px auto ${this.layout.height}px`;
    if (changed.has("node")) this.style.setProperty("--family", familyColor(this.node.record.type));
  }

  protected override render(): TemplateResult {
    const { shape } = this.node;
    if (isReroute(shape))
      return html`<div class="card reroute" title=${this.#help()}>${this.#sideSockets()}</div>`;
    return html`<div class="card">
      <header title=${this.#help()} @dblclick=${this.#startRename}>
        ${this.renaming ? this.#titleField() : html`<span class="title">${shape.title}</span>`}
        ${this.#state()}
        <button
          class="fold"
          tabindex="-1"
          aria-label=${this.collapsed ? `Unfold ${shape.title}` : `Fold ${shape.title}`}
          aria-expanded=${!this.collapsed}
          @click=${(): void => this.actions.toggleFold(this.node.id)}
        >
          ${icons.chevron}
        </button>
        ${this.#progress()}
      </header>
      ${this.collapsed ? this.#sideSockets() : this.#body()} ${this.#preview()}
      ${this.#messages().map((fault) => html`<p class="message" role="alert">${fault.message}</p>`)}
      ${this.run.warnings.map((message) => html`<p class="message warning">${message}</p>`)}
    </div>`;
  }

  #body(): TemplateResult {
    const { shape } = this.node;
    const rows = Math.max(shape.inputs.length, shape.outputs.length);
    const indices = Array.from({ length: rows }, (_, row) => row);
    return html`<div class="body">
      <div class="ports">
        ${repeat(
          indices,
          (row) => `${shape.inputs[row]?.name ?? ""}|${shape.outputs[row]?.name ?? ""}`,
          (row) => {
            const input = shape.inputs[row];
            const output = shape.outputs[row];
            return html`${input ? this.#port("input", input, !output) : nothing}${
              output ? this.#port("output", output, !input) : nothing
            }`;
          },
        )}
      </div>
      ${repeat(
        this.layout.params,
        (param) => param.name,
        (param) => this.#param(param),
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
    </div>`;
  }

  #port(side: Side, port: PortInfo, alone: boolean): TemplateResult {
    const wired = side === "input" ? this.wired.has(port.name) : this.wiredOutputs.has(port.name);
    const bad = side === "input" && this.#messages().some((fault) => fault.port === port.name);
    const classes = [
      "port",
      side === "input" ? "in" : "out",
      wired ? "wired" : "",
      port.optional ? "optional" : "",
      alone ? "alone" : "",
      bad ? "bad" : "",
    ];
    return html`<div class=${classes.join(" ")} title=${this.#portHelp(port)}>
      ${this.#socket(side, port)}<span class="name">${port.name}</span>
    </div>`;
  }

  #socket(side: Side, port: PortInfo): TemplateResult {
    const offer = this.offer;
    const fit = offer?.side === side && offer.fits.has(port.name);
    const state = !offer ? "" : fit ? "fits" : "refuses";
    const label = `${side} ${port.name}, ${this.catalog.socket(port.type).label}`;
    return html`<span
      class="socket ${state}"
      role="img"
      aria-label=${label}
      data-side=${side}
      data-port=${port.name}
      ><i class="pin" data-type=${port.type}></i
    ></span>`;
  }

  #sideSockets(): TemplateResult {
    const { shape } = this.node;
    const input = shape.inputs[0];
    const output = shape.outputs[0];
    return html`${input ? html`<span class="port in folded wired">${this.#socket("input", input)}</span>` : nothing}${
      output ? html`<span class="port out folded wired">${this.#socket("output", output)}</span>` : nothing
    }`;
  }

  #param(param: ParamInfo): TemplateResult {
    const { name, spec } = param;
    const source = this.wired.get(name);
    const tall = spec.kind === "text" && spec.multiline === true && source === undefined;
    const wide = spec.kind === "source" || (spec.kind === "text" && !spec.multiline);
    const value = this.node.record.params[name] ?? spec.default;
    const bad = this.#messages().some((fault) => fault.port === name);
    const classes = [
      "param",
      source === undefined ? "" : "wired",
      tall ? "tall" : "",
      wide ? "wide" : "",
      spec.kind === "choice" ? "choice" : "",
      bad ? "bad" : "",
    ];
    return html`<div class=${classes.join(" ")}>
      ${this.#socket("input", portOfParam(param))}<span class="name" title=${spec.doc}>${name}</span>
      ${
        source === undefined
          ? paramField(name, spec, value, {
              change: (next) => this.actions.setParam(this.node.id, name, next),
              done: () => this.actions.sealParam(),
              paint: () => this.actions.paintMask(this.node.id, name),
              ...(spec.kind === "source"
                ? { pick: () => this.actions.pickSource(this.node.id, name, spec.holds) }
                : {}),
            })
          : html`<span class="driven" title="Set by the wire from ${source}">${source}</span>`
      }
    </div>`;
  }

  #state(): TemplateResult | typeof nothing {
    const { status, ms, progress } = this.run;
    const text =
      status === "running" && progress
        ? `${progress.done} / ${progress.total}`
        : status === "running"
          ? "running"
          : status === "waiting"
            ? "waiting"
            : status === "cached"
              ? "cached"
              : status === "failed"
                ? "failed"
                : status === "done" && ms !== undefined
                  ? formatDuration(ms)
                  : "";
    return text === ""
      ? nothing
      : html`<span class="state ${status}" title=${progress?.note ?? this.#why()}>${text}</span>`;
  }

  /** Why the node ran, or did not. */
  #why(): string {
    const { reason, bytes } = this.run;
    const size = bytes === undefined || bytes === 0 ? "" : ` It holds ${formatBytes(bytes)}.`;
    return reason ? `${reasonWords(reason)}${size}` : "";
  }

  #progress(): TemplateResult | typeof nothing {
    const { status, progress } = this.run;
    if (status !== "running") return nothing;
    const known = progress !== undefined && progress.total > 0;
    return html`<div class="bar ${known ? "" : "endless"}"><i></i></div>`;
  }

  #preview(): TemplateResult | typeof nothing {
    const { preview } = this.run;
    if (!preview || this.collapsed) return nothing;
    if (preview.kind === "text")
      return html`<div class="preview"><pre data-control>${preview.text}</pre></div>`;
    const smooth = preview.kind === "chart" || preview.width >= 256;
    const label =
      preview.kind === "chart"
        ? `Curve of ${preview.label}`
        : `Picture, ${preview.width} by ${preview.height}`;
    return html`<div class="preview">
      <canvas role="img" aria-label=${label} class=${smooth ? "smooth" : ""}></canvas>
    </div>`;
  }

  protected override updated(): void {
    const { preview, progress } = this.run;
    const root = this.renderRoot;
    const canvas = root.querySelector<HTMLCanvasElement>(".preview canvas");
    if (!canvas) this.#drawn = undefined;
    else if (preview && preview !== this.#drawn) {
      this.#drawn = preview;
      if (preview.kind === "image") drawImage(canvas, preview);
      else if (preview.kind === "chart") drawChart(canvas, preview);
    }
    const body = root.querySelector<HTMLElement>(".body");
    if (body) body.style.height = `${this.layout.height - NODE.header}px`;
    const bar = root.querySelector<HTMLElement>(".bar > i");
    if (bar)
      bar.style.transform = progress && progress.total > 0 ? `scaleX(${progress.done / progress.total})` : "";
  }

  #messages(): readonly Fault[] {
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

  #portHelp(port: PortInfo): string {
    const socket = this.catalog.socket(port.type);
    const refusal = this.offer?.refusals.get(port.name);
    if (refusal !== undefined) return refusal;
    return `${port.name}: ${port.doc}\n${socket.label}${socket.shape ? ` ${socket.shape}` : ""}${port.optional ? ", optional" : ""}`;
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

  #titleField(): TemplateResult {
    const finish = (event: Event, keep: boolean): void => {
      if (!this.renaming) return;
      this.renaming = false;
      const value = (event.currentTarget as HTMLInputElement).value.trim();
      if (keep) this.actions.setTitle(this.node.id, value === this.node.shape.info?.title ? "" : value);
    };
    return html`<input
      class="title-edit"
      aria-label="Title of the node"
      .value=${this.node.shape.title}
      @blur=${(event: Event): void => finish(event, true)}
      @keydown=${(event: KeyboardEvent): void => {
        event.stopPropagation();
        if (event.key === "Enter") finish(event, true);
        if (event.key === "Escape") finish(event, false);
      }}
    />`;
  }
}

/** Nodes of one folder share a hue in their header. */
function familyColor(type: string): string {
  const family = type.split("/")[0] ?? type;
  const hues: Readonly<Record<string, number>> = {
    data: 190,
    image: 225,
    inspect: 255,
    io: 60,
    model: 350,
    sampling: 300,
    guidance: 320,
    text: 80,
    training: 20,
    value: 140,
    zones: 165,
  };
  const hue = hues[family] ?? [...family].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 360;
  return `oklch(var(--socket-l) 0.12 ${hue})`;
}
