import { html } from "lit";
import type { TemplateResult } from "lit";
import { rename } from "../graph/edits.ts";
import type { LoomKeeping } from "../keeping/loom-keeping.ts";
import type { RunControl } from "../run/run-control.ts";
import type { ActionId } from "../shortcuts.ts";
import type { EditorSession } from "../store/session.ts";
import { icons, mark } from "../theme/icons.ts";

/** What the bar shows and starts. */
export interface ToolbarHost {
  readonly session: EditorSession;
  readonly control: RunControl;
  readonly showList: boolean;
  readonly keeping: LoomKeeping;
  act(action: ActionId): void;
  openTemplates(): void;
}

/** The bar at the top of the page. */
export function toolbar(host: ToolbarHost): TemplateResult {
  const { store } = host.session;
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
      @click=${(): void => host.act(action)}
    >
      ${icon}
    </button>`;
  return html`<header class="bar">
    <span class="brand">${mark}<span class="label">Latent Loom</span></span>
    <input
      class="name"
      aria-label="Name of the graph"
      title=${store.root.description ?? ""}
      .value=${store.root.name ?? ""}
      placeholder="Name this graph"
      @change=${(event: Event): void =>
        store.executeRoot("Rename graph", rename((event.currentTarget as HTMLInputElement).value))}
    />
    <span class="rule optional"></span>
    <button title="Templates" aria-label="Templates" @click=${(): void => host.openTemplates()}>
      ${icons.book}<span class="label">Templates</span>
    </button>
    <button
      class="optional"
      title="Models in this browser"
      aria-label="Models in this browser"
      @click=${(): void => host.act("models")}
    >
      ${icons.store}<span class="label">Models</span>
    </button>
    <button
      class="optional"
      title="New graph"
      aria-label="New graph"
      @click=${(): void => host.keeping.newGraph()}
    >
      ${icons.file}<span class="label">New</span>
    </button>
    <button
      class="optional"
      title="Open a graph file"
      aria-label="Open a graph file"
      @click=${(): void => host.act("open")}
    >
      ${icons.upload}<span class="label">Open</span>
    </button>
    <button title="Save as a file" aria-label="Save as a file" @click=${(): void => host.act("save")}>
      ${icons.download}<span class="label">Save</span>
    </button>
    <button title="Your graphs" aria-label="Library: your graphs" @click=${(): void => host.act("library")}>
      ${icons.library}<span class="label">Library</span>
    </button>
    <button class="scarce" title="Pictures" aria-label="Pictures" @click=${(): void => host.act("history")}>
      ${icons.pictures}<span class="label">Pictures</span>
    </button>
    <button class="scarce" title="Share" aria-label="Share" @click=${(): void => host.act("share")}>
      ${icons.share}<span class="label">Share</span>
    </button>
    <span class="rule"></span>
    ${button("undo", store.undoLabel === undefined ? "Undo" : `Undo: ${store.undoLabel}`, icons.undo, store.undoLabel === undefined)}
    ${button("redo", store.redoLabel === undefined ? "Redo" : `Redo: ${store.redoLabel}`, icons.redo, store.redoLabel === undefined, "scarce")}
    ${button("palette", "Add a node", icons.plus)} ${button("fit", "Show all", icons.fit, false, "optional")}
    ${button("tidy", "Tidy the graph", icons.tidy, false, "optional")}
    <button
      class="icon optional"
      aria-label="The graph as a list"
      title="The graph as a list"
      aria-pressed=${host.showList}
      @click=${(): void => host.act("list")}
    >
      ${icons.list}
    </button>
    ${button("help", "Keyboard and pointer", icons.keyboard, false, "optional")}
    <span class="gap"></span>
    <loom-run-bar
      .session=${host.session}
      .control=${host.control}
      @act=${(event: CustomEvent<ActionId>): void => host.act(event.detail)}
    ></loom-run-bar>
  </header>`;
}
