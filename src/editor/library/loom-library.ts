import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Told } from "../run/follow.ts";
import { formatBytes } from "../run/run-model.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { drawSketch } from "./draw-sketch.ts";
import type { Keeper } from "./keeper.ts";
import type { GraphMeta } from "./library.ts";
import { libraryStyles } from "./library-styles.ts";
import { pictureUrls } from "./picture-urls.ts";
import { LoomSheet } from "./loom-sheet.ts";
import { saidStyles } from "./said.ts";
import { sheetStyles } from "./sheet-styles.ts";
import type { Version } from "./versions.ts";
import { ago, count, moment } from "./words.ts";

/**
 * Dialog with a person's own graphs: open, rename, duplicate, delete with undo, versions. Fires `announce` with what
 * was done, `said-done`, `closed`, `new` and `download`.
 */
export class LoomLibrary extends LoomSheet {
  static override properties = {
    ...LoomSheet.shared,
    keeper: { attribute: false },
    graphs: { state: true },
    deleted: { state: true },
    query: { state: true },
    renaming: { state: true },
    history: { state: true },
    versions: { state: true },
    usage: { state: true },
    showDeleted: { state: true },
  };

  static override styles = [controls, sheetStyles, libraryStyles, saidStyles];

  declare keeper: Keeper;
  declare graphs: readonly GraphMeta[];
  declare deleted: readonly GraphMeta[];
  declare query: string;
  declare renaming: string | undefined;
  /** The graph whose versions are shown. */
  declare history: GraphMeta | undefined;
  declare versions: readonly Version[];
  declare usage: string;
  declare showDeleted: boolean;
  readonly #urls = pictureUrls();

  constructor() {
    super();
    this.graphs = [];
    this.deleted = [];
    this.query = "";
    this.versions = [];
    this.usage = "";
    this.showDeleted = false;
  }

  protected override source(): Told {
    return this.keeper.library;
  }

  protected override reset(): void {
    this.query = "";
    this.history = undefined;
    this.showDeleted = false;
    this.renaming = undefined;
  }

  override async open(): Promise<void> {
    const opened = super.open();
    await this.attempt(() => this.keeper.flush());
    await opened;
  }

  protected override content(): TemplateResult {
    return this.history ? this.#historyView(this.history) : this.#listView();
  }

  #listView(): TemplateResult {
    const query = this.query.trim().toLowerCase();
    const all = this.showDeleted ? this.deleted : this.graphs;
    const shown = all.filter(({ name }) => name.toLowerCase().includes(query));
    return html`<header>
        <h2 id="title">${this.showDeleted ? "Deleted graphs" : "Your graphs"}</h2>
        <input
          type="search"
          aria-label="Search your graphs"
          placeholder="Search"
          .value=${this.query}
          @input=${(event: Event): void => {
            this.query = (event.currentTarget as HTMLInputElement).value;
          }}
        />
        ${this.closeButton()}
      </header>
      <div class="body">
        ${this.warnings(this.keeper.denied)} ${shown.length === 0 ? this.#emptyView(query) : nothing}
        <ul class="cards">
          ${repeat(
            shown,
            ({ id }) => id,
            (meta) => this.#card(meta),
          )}
        </ul>
      </div>
      <footer>
        <span>${this.usage}</span>
        <span class="gap"></span>
        ${
          this.showDeleted || this.deleted.length > 0
            ? html`<button
                @click=${(): void => {
                  this.showDeleted = !this.showDeleted;
                }}
              >
                ${this.showDeleted ? "Back to your graphs" : `Deleted (${this.deleted.length})`}
              </button>`
            : nothing
        }
        <button class="outlined" @click=${(): void => this.#fire("new")}>${icons.plus}New graph</button>
      </footer>`;
  }

  #emptyView(query: string): TemplateResult | typeof nothing {
    const words =
      query !== ""
        ? "No graph has this in its name."
        : this.showDeleted
          ? "Nothing was deleted in the last thirty days."
          : "A graph is kept here as soon as you edit it: every change within a second, and older versions of it too.";
    return this.empty(icons.library, words);
  }

  #card(meta: GraphMeta): TemplateResult {
    const { id, name, nodes, savedAt, picture, sketch } = meta;
    const isOpen = id === this.keeper.id;
    const url = picture ? this.#urls.of(id, picture) : undefined;
    return html`<li class="card" data-graph=${id}>
      <button class="open" ?disabled=${this.showDeleted} @click=${(): void => void this.#open(meta)}>
        <span class="frame"
          >${url === undefined ? drawSketch(sketch) : html`<img src=${url} alt="" class="fine" />`}</span
        >
        ${
          this.renaming === id
            ? nothing
            : html`<span class="words"
                ><span class="title" title=${name}>${name}</span
                ><span class="facts">${ago(savedAt)} · ${count(nodes, "node")}</span></span
              >`
        }
      </button>
      ${isOpen ? html`<span class="badge">Open</span>` : nothing}
      ${this.renaming === id ? this.#renameField(meta) : nothing}
      <div class="tools">
        ${
          this.showDeleted
            ? html`<button @click=${(): void => void this.#undelete(meta)}>${icons.undo}Bring back</button
                ><span class="gap"></span>
                ${this.#tool("Delete for ever", icons.trash, () => this.keeper.library.purge(id))}`
            : html`${this.#tool(`Rename ${name}`, icons.pencil, () => this.#rename(id))}
                ${this.#tool(`Duplicate ${name}`, icons.copy, () => this.#duplicate(meta))}
                ${this.#tool(`Versions of ${name}`, icons.clock, () => this.#showHistory(meta))}
                ${this.#tool(`Save ${name} as a file`, icons.download, () => this.#download(id))}
                <span class="gap"></span
                >${this.#tool(`Delete ${name}`, icons.trash, () => this.#delete(meta))}`
        }
      </div>
    </li>`;
  }

  #tool(label: string, icon: TemplateResult, act: () => unknown): TemplateResult {
    return html`<button
      class="icon"
      aria-label=${label}
      title=${label}
      @click=${(): void => void this.attempt(act)}
    >
      ${icon}
    </button>`;
  }

  #renameField({ id, name }: GraphMeta): TemplateResult {
    return html`<form
      class="rename"
      @submit=${(event: SubmitEvent): void => {
        event.preventDefault();
        const field = (event.currentTarget as HTMLFormElement).querySelector("input");
        void this.attempt(() => this.#setName(id, field?.value ?? name));
      }}
    >
      <input
        aria-label="Name of the graph"
        maxlength="200"
        .value=${name}
        @keydown=${(event: KeyboardEvent): void => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          this.renaming = undefined;
        }}
      />
      <button class="outlined">Rename</button>
    </form>`;
  }

  #historyView(meta: GraphMeta): TemplateResult {
    const isOpen = meta.id === this.keeper.id;
    return html`<header>
        <button
          class="icon"
          aria-label="Back to your graphs"
          @click=${(): void => {
            this.history = undefined;
          }}
        >
          ${icons.back}
        </button>
        <h2 id="title">Versions of ${meta.name}</h2>
        <span class="push"></span>${this.closeButton()}
      </header>
      <div class="body">
        ${this.warnings()}
        ${
          this.versions.length === 0
            ? html`<div class="empty">
                ${icons.clock}<span
                  >Versions are kept by themselves every few minutes while you edit. There is none yet.</span
                >
              </div>`
            : html`<ul class="versions">
                ${this.versions.map(
                  ({ time, label, nodes }) =>
                    html`<li>
                      <span class="when"
                        >${label === "" ? moment(time) : label}
                        <span class="facts"
                          >${label === "" ? ago(time) : moment(time)} · ${count(nodes, "node")}</span
                        ></span
                      >
                      <button class="outlined" @click=${(): void => void this.#restore(meta, time)}>
                        Restore
                      </button>
                    </li>`,
                )}
              </ul>`
        }
      </div>
      <footer>
        <span>Restoring keeps what is there now as a version too, and can be undone.</span>
        <span class="gap"></span>
        ${
          isOpen
            ? html`<form
                class="keep"
                @submit=${(event: SubmitEvent): void => {
                  event.preventDefault();
                  const field = (event.currentTarget as HTMLFormElement).querySelector("input");
                  void this.attempt(() => this.#keep(field));
                }}
              >
                <input aria-label="Name of the version" placeholder="Name of the version" maxlength="100" />
                <button class="outlined">Keep a version now</button>
              </form>`
            : nothing
        }
      </footer>`;
  }

  protected override async read(): Promise<void> {
    const { library } = this.keeper;
    [this.graphs, this.deleted] = await Promise.all([library.list(), library.list("deleted")]);
    if (this.history) this.versions = await library.versions(this.history.id);
    this.#urls.keep([...this.graphs, ...this.deleted].map(({ id }) => id));
    const estimate = await navigator.storage?.estimate?.().catch(() => undefined);
    this.usage = `${count(this.graphs.length, "graph")}${
      estimate?.usage === undefined ? "" : ` · ${formatBytes(estimate.usage)} in this browser`
    }`;
  }

  async #open({ id }: GraphMeta): Promise<void> {
    await this.attempt(async () => {
      await this.keeper.open(id);
      this.close();
    });
  }

  async #rename(id: string): Promise<void> {
    this.renaming = id;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLInputElement>(".rename input")?.select();
  }

  async #setName(id: string, value: string): Promise<void> {
    const name = value.trim();
    this.renaming = undefined;
    if (name !== "") await this.keeper.rename(id, name);
  }

  async #duplicate({ id, name }: GraphMeta): Promise<void> {
    await this.keeper.flush();
    const copy = await this.keeper.library.duplicate(id);
    if (copy === undefined) throw new Error("This graph cannot be read any more.");
    this.announce({ text: `Duplicated ${name}`, undo: () => this.keeper.library.purge(copy) });
  }

  async #delete({ id, name }: GraphMeta): Promise<void> {
    await this.keeper.delete(id);
    this.announce({ text: `Deleted ${name}`, undo: () => this.keeper.library.undelete(id) });
  }

  async #undelete({ id, name }: GraphMeta): Promise<void> {
    await this.attempt(() => this.keeper.library.undelete(id));
    this.announce({ text: `${name} is back` });
  }

  async #showHistory(meta: GraphMeta): Promise<void> {
    await this.keeper.flush();
    this.versions = await this.keeper.library.versions(meta.id);
    this.history = meta;
  }

  async #keep(field: HTMLInputElement | null): Promise<void> {
    await this.keeper.keepVersion(field?.value.trim() || "Kept version");
    if (field) field.value = "";
  }

  async #restore({ id, name }: GraphMeta, time: number): Promise<void> {
    await this.attempt(async () => {
      await this.keeper.open(id);
      await this.keeper.restore(time);
      this.close();
      this.announce({ text: `Restored ${name} as of ${moment(time)}` });
    });
  }

  async #download(id: string): Promise<void> {
    await this.keeper.flush();
    const stored = await this.keeper.library.load(id);
    if (!stored) throw new Error("This graph cannot be read any more.");
    this.dispatchEvent(new CustomEvent("download", { detail: stored.document }));
  }

  #fire(name: string): void {
    this.close();
    this.dispatchEvent(new CustomEvent(name));
  }
}
