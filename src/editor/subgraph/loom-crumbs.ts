import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { lookUp } from "../../engine/node/description.ts";
import { subgraphsAlong } from "../store/scope.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";

/** Where a person is: the graph, and the subgraphs that were opened one in the other. Shown inside subgraphs only. */
export class LoomCrumbs extends LitElement {
  static override properties = { session: { attribute: false } };

  static override styles = [
    controls,
    css`
      :host {
        position: absolute;
        top: 10px;
        left: 10px;
        max-width: calc(100% - 20px);
        z-index: 3;
      }

      nav {
        border: 1px solid var(--line);
        border-radius: var(--radius-m);
        background: var(--surface);
        box-shadow: var(--shadow-1);
      }

      ol {
        display: flex;
        align-items: center;
        min-width: 0;
        margin: 0;
        padding: 2px;
        list-style: none;
      }

      li {
        display: flex;
        align-items: center;
        min-width: 0;
      }

      li svg {
        flex: none;
        color: var(--text-3);
        transform: rotate(-90deg);
      }

      button {
        display: block;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        color: var(--text-2);
      }

      [aria-current] {
        color: var(--text);
        font-weight: 600;
      }

      .uses {
        flex: none;
        padding: 0 10px 0 2px;
        color: var(--text-2);
        font-size: var(--text-s);
        white-space: nowrap;
      }
    `,
  ];

  declare session: EditorSession;
  #unsubscribe: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = this.session.store.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { store } = this.session;
    const { root, path } = store;
    if (path.length === 0) return nothing;
    const ids = subgraphsAlong(root, path);
    const names = [root.name ?? "Graph", ...ids.map((id) => lookUp(root.subgraphs, id)?.name ?? id)];
    const uses = countUses(this.session, ids.at(-1) ?? "");
    return html`<nav aria-label="Where you are">
      <ol>
        ${names.map((name, depth) => {
          const isHere = depth === path.length;
          return html`<li>
            ${depth === 0 ? nothing : icons.chevron}
            <button
              aria-current=${isHere ? "location" : nothing}
              title=${name}
              @click=${(): void => store.openScope(path.slice(0, depth))}
            >
              ${name === "" ? "Graph" : name}
            </button>
          </li>`;
        })}
        ${uses > 1 ? html`<li class="uses" title="A change here changes all of them">used ${uses} times</li>` : nothing}
      </ol>
    </nav>`;
  }
}

/** How many nodes in the whole graph are uses of a subgraph. */
function countUses({ store }: EditorSession, id: string): number {
  const graphs = [store.root, ...Object.values(store.root.subgraphs ?? {})];
  return graphs.flatMap(({ nodes }) => Object.values(nodes)).filter(({ type }) => type === `subgraph/${id}`)
    .length;
}
