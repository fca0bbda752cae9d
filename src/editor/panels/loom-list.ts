import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { paramField } from "../canvas/param-field.ts";
import type { ParamRef } from "../canvas/param-field.ts";
import { portOfParam } from "../graph/catalog.ts";
import type { ParamInfo, PortInfo } from "../graph/catalog.ts";
import { connect, disconnect, edgeKey, setParam } from "../graph/edits.ts";
import { address, edgeInto, shapeOf } from "../graph/ports.ts";
import type { NodeShape } from "../graph/ports.ts";
import { setMode } from "../graph/modes.ts";
import { removeWithZones, setZone } from "../graph/zones.ts";
import { WireRules } from "../graph/wiring.ts";
import { renameNode, unpackSelected } from "../store/subgraph-commands.ts";
import type { ActionId } from "../shortcuts.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { sidePanel } from "../theme/panel-styles.ts";
import { icons } from "../theme/icons.ts";

/**
 * The graph as a list of forms, for those who cannot use a canvas: every node with its fields, and for each input a choice
 * of the outputs that fit. It does all that the canvas does but placing.
 */
export class LoomList extends LitElement {
  static override properties = { session: { attribute: false } };

  static override styles = [
    controls,
    sidePanel,
    css`
      :host {
        width: min(400px, 100%);
      }

      ol {
        flex: 1;
        min-height: 0;
        margin: 0;
        padding: 6px;
        overflow-y: auto;
        list-style: none;
      }

      details {
        border-radius: var(--radius-s);
      }

      details[open] {
        background: var(--surface-2);
      }

      summary {
        display: flex;
        align-items: baseline;
        gap: 8px;
        padding: 8px 10px;
        border-radius: var(--radius-s);
        cursor: pointer;
      }

      summary strong {
        font-weight: 600;
      }

      summary span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        color: var(--text-2);
        font: var(--text-s) / 1.4 var(--mono);
      }

      .bad {
        color: var(--bad);
      }

      .form {
        display: grid;
        grid-template-columns: minmax(0, 2fr) minmax(0, 3fr);
        align-items: center;
        gap: 6px 10px;
        padding: 2px 12px 12px;
      }

      .form > label,
      .form > .label {
        overflow: hidden;
        text-overflow: ellipsis;
        color: var(--text-2);
      }

      .form input:not([type="checkbox"]),
      .form select,
      .form textarea {
        width: 100%;
        height: 28px;
      }

      .form textarea {
        height: 70px;
      }

      .with-button {
        display: flex;
        gap: 4px;
      }

      .whole {
        grid-column: 1 / -1;
        margin: 0;
      }

      .chosen {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: 6px 16px;
        background: var(--accent-soft);
      }

      .shape {
        justify-self: end;
        color: var(--text-2);
        font: var(--text-s) / 1.3 var(--mono);
      }

      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
    `,
  ];

  declare session: EditorSession;
  #unsubscribe: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    const refresh = (): void => this.requestUpdate();
    this.#unsubscribe = [
      this.session.store.subscribe(refresh),
      this.session.onFaults(refresh),
      this.session.selection.subscribe(refresh),
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("summary, button")?.focus();
  }

  protected override render(): TemplateResult {
    const { document } = this.session;
    const ids = Object.keys(document.nodes);
    const chosen = this.session.selection.nodes.size;
    return html`<header>
        <h2 id="heading">${ids.length === 1 ? "1 node" : `${ids.length} nodes`}</h2>
        <button
          class="icon"
          aria-label="Close the list"
          @click=${(): boolean => this.dispatchEvent(new CustomEvent("close"))}
        >
          ${icons.close}
        </button>
      </header>
      ${
        chosen === 0
          ? nothing
          : html`<div class="chosen">
              <span>${chosen} selected</span>
              <button
                class="outlined"
                @click=${(): boolean =>
                  this.dispatchEvent(new CustomEvent("act", { detail: "subgraph" satisfies ActionId }))}
              >
                Make a subgraph
              </button>
            </div>`
      }
      <ol aria-labelledby="heading">
        ${repeat(
          ids,
          (id) => id,
          (id) => this.#item(id),
        )}
      </ol>`;
  }

  #item(id: string): TemplateResult {
    const { document, catalog } = this.session;
    const record = document.nodes[id];
    if (!record) return html``;
    const shape = shapeOf(document, catalog, id, record);
    const faults = this.session.faults.filter((fault) => fault.node === id);
    return html`<li>
      <details data-node=${id} @toggle=${(): void => this.requestUpdate()}>
        <summary>
          <strong class=${faults.length > 0 ? "bad" : ""}>${shape.title}</strong><span>${id}</span>
        </summary>
        ${
          this.#isOpen(id)
            ? this.#form(
                id,
                shape,
                faults.map((fault) => fault.message),
              )
            : nothing
        }
      </details>
    </li>`;
  }

  #isOpen(id: string): boolean {
    return (
      this.renderRoot.querySelector<HTMLDetailsElement>(`details[data-node="${CSS.escape(id)}"]`)?.open ===
      true
    );
  }

  #form(id: string, shape: NodeShape, faults: readonly string[]): TemplateResult {
    const { store, catalog, document, selection } = this.session;
    const zones = Object.keys(document.zones ?? {});
    const rules = new WireRules(document, catalog);
    rules.prepare(id);
    return html`<div class="form">
      ${faults.map((message) => html`<p class="whole bad">${message}</p>`)}
      ${shape.info ? html`<p class="whole">${shape.info.doc}</p>` : nothing}
      <label for="title-${id}">Title</label>
      <input
        id="title-${id}"
        .value=${shape.title}
        @change=${(event: Event): void => {
          const value = (event.currentTarget as HTMLInputElement).value.trim();
          renameNode(this.session, id, value === shape.info?.title ? "" : value);
        }}
      />
      ${shape.inputs.map((port) => this.#input(id, port, rules))}
      ${shape.params.map((param) => this.#param(id, param, rules))}
      ${
        zones.length > 0 && !shape.info?.zoneEnd
          ? html`<label for="zone-${id}">Zone</label>
              <select
                id="zone-${id}"
                @change=${(event: Event): void => {
                  const zone = (event.currentTarget as HTMLSelectElement).value;
                  store.execute("Change zone", setZone(catalog, [id], zone === "" ? undefined : zone));
                }}
              >
                <option value="">none</option>
                ${zones.map((zone) => html`<option value=${zone} ?selected=${document.nodes[id]?.zone === zone}>${zone}</option>`)}
              </select>`
          : nothing
      }
      ${shape.info?.boundary ? nothing : this.#mode(id)}
      <div class="whole buttons">
        <button
          class="outlined"
          aria-pressed=${selection.nodes.has(id)}
          @click=${(): void => selection.toggle(id)}
        >
          ${selection.nodes.has(id) ? "Selected" : "Select"}
        </button>
        ${
          shape.info?.subgraph === undefined
            ? nothing
            : html`<button class="outlined" @click=${(): void => store.openScope([...store.path, id])}>
                  Open the subgraph
                </button>
                <button
                  class="outlined"
                  @click=${(): void => {
                    selection.set([id]);
                    unpackSelected(this.session);
                  }}
                >
                  Unpack
                </button>`
        }
        <button
          class="outlined"
          @click=${(): void => {
            this.dispatchEvent(new CustomEvent<string>("reveal", { detail: this.session.pathOf(id) }));
          }}
        >
          Show on the canvas
        </button>
        <button
          class="outlined danger"
          @click=${(): void => {
            selection.set([]);
            store.execute("Delete node", removeWithZones(catalog, [id]));
          }}
        >
          Delete
        </button>
      </div>
    </div>`;
  }

  /** Whether the node runs. */
  #mode(id: string): TemplateResult {
    const { store, document } = this.session;
    const mode = document.nodes[id]?.mode;
    const modes = [
      ["", "runs"],
      ["mute", "muted"],
      ["bypass", "bypassed"],
    ] as const;
    return html`<label for="mode-${id}">When it runs</label>
      <select
        id="mode-${id}"
        @change=${(event: Event): void => {
          const { value } = event.currentTarget as HTMLSelectElement;
          store.execute(
            "Change mode",
            setMode([id], value === "mute" || value === "bypass" ? value : undefined),
          );
        }}
      >
        ${modes.map(([value, label]) => html`<option value=${value} ?selected=${(mode ?? "") === value}>${label}</option>`)}
      </select>`;
  }

  /** A choice among all outputs that fit, and none. */
  #input(id: string, port: PortInfo, rules: WireRules): TemplateResult {
    const { store, document } = this.session;
    const to = address(id, port.name);
    const edge = edgeInto(document, id, port.name);
    const sources = Object.keys(document.nodes).flatMap((node) =>
      (rules.shape(node)?.outputs ?? [])
        .map((output) => address(node, output.name))
        .filter((from) => from === edge?.from || rules.refusal(from, to) === undefined),
    );
    const name = `in-${id}-${port.name}`;
    const shape = edge && this.session.shapeOn(edge);
    return html`<label for=${name} title=${port.doc}>${port.name}</label>
      <select
        id=${name}
        @change=${(event: Event): void => {
          const from = (event.currentTarget as HTMLSelectElement).value;
          if (from !== "") store.execute("Draw wire", connect(from, to));
          else if (edge) store.execute("Remove wire", disconnect([edgeKey(edge)]));
        }}
      >
        <option value="" ?selected=${!edge}>not wired</option>
        ${sources.map((from) => html`<option value=${from} ?selected=${from === edge?.from}>${from}</option>`)}
      </select>
      ${shape === undefined ? nothing : html`<span class="whole shape">${port.name} will be ${shape}</span>`}`;
  }

  #param(id: string, param: ParamInfo, rules: WireRules): TemplateResult {
    const { store, document } = this.session;
    if (edgeInto(document, id, param.name)) return this.#input(id, portOfParam(param), rules);
    const { spec } = param;
    const value = document.nodes[id]?.params[param.name] ?? spec.default;
    return html`<span class="label" title=${param.spec.doc}>${param.name}</span>${paramField(
        param.name,
        param.spec,
        value,
        {
          change: (next) =>
            store.execute(`Set ${param.name}`, setParam(id, param.name, next), `param ${id}.${param.name}`),
          done: () => store.seal(),
          paint: () =>
            this.dispatchEvent(
              new CustomEvent<ParamRef>("paint-mask", { detail: { node: id, name: param.name } }),
            ),
          ...(spec.kind === "source"
            ? {
                pick: () =>
                  this.dispatchEvent(
                    new CustomEvent("pick-source", {
                      detail: { node: id, name: param.name, holds: spec.holds },
                    }),
                  ),
              }
            : {}),
        },
      )}`;
  }
}
