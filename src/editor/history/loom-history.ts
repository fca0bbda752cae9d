import { zip } from "fflate";
import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { download } from "../files/transfer.ts";
import { saidStyles, saidView } from "../library/said.ts";
import type { Announcement } from "../library/said.ts";
import { pictureUrls } from "../library/picture-urls.ts";
import { sheetStyles } from "../library/sheet-styles.ts";
import { ago, count, moment } from "../library/words.ts";
import { formatBytes, formatDuration } from "../run/run-model.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { historyStyles } from "./history-styles.ts";
import { pictureName } from "./history.ts";
import type { PictureHistory, PictureMeta } from "./history.ts";

/** So many cards are shown at first: each holds a picture. */
const PAGE = 60;

/**
 * Dialog with the pictures that were made: look at them, open the graph that made one, download one or all, delete. Fires
 * `open-picture` with the file, `announce`, `said-done` and `closed`.
 */
export class LoomHistory extends LitElement {
  static override properties = {
    history: { attribute: false },
    denied: { attribute: false },
    said: { attribute: false },
    pictures: { state: true },
    shown: { state: true },
    chosen: { state: true },
    trouble: { state: true },
    packing: { state: true },
  };

  static override styles = [controls, sheetStyles, historyStyles, saidStyles];

  declare history: PictureHistory;
  /** Why pictures are not kept beyond this page. */
  declare denied: string | undefined;
  /** What was done last, as long as it is shown. */
  declare said: Announcement | undefined;
  declare pictures: readonly PictureMeta[];
  declare shown: number;
  /** The picture that is looked at large. */
  declare chosen: PictureMeta | undefined;
  declare trouble: string;
  declare packing: boolean;
  readonly #urls = pictureUrls();
  readonly #files = new Map<string, Blob>();
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
    this.pictures = [];
    this.shown = PAGE;
    this.trouble = "";
    this.packing = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  async open(): Promise<void> {
    this.chosen = undefined;
    this.shown = PAGE;
    await this.#read();
    this.#unsubscribe ??= this.history.subscribe(() => void this.#read());
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  protected override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="title"
      @close=${(): void => this.#stop()}
      @keydown=${(event: KeyboardEvent): void => this.#key(event)}
    >
      ${this.chosen ? this.#large(this.chosen) : this.#gallery()}
      ${this.said ? saidView(this.said, (failure) => this.#saidDone(failure)) : nothing}
    </dialog>`;
  }

  #gallery(): TemplateResult {
    const { pictures } = this;
    const bytes = pictures.reduce((sum, picture) => sum + picture.bytes, 0);
    const { bounds } = this.history;
    return html`<header>
        <h2 id="title">Pictures</h2>
        <span class="push"></span>${this.#closeButton()}
      </header>
      <div class="body">
        ${this.denied === undefined ? nothing : html`<p class="warning">${this.denied}</p>`}
        ${this.trouble === "" ? nothing : html`<p class="warning" role="alert">${this.trouble}</p>`}
        ${
          pictures.length === 0
            ? html`<div class="empty">
                ${icons.pictures}<span
                  >Every picture that a run makes is kept here, with its graph and its seed. Press Run.</span
                >
              </div>`
            : nothing
        }
        <ul class="cards">
          ${repeat(
            pictures.slice(0, this.shown),
            ({ id }) => id,
            (meta) => this.#card(meta),
          )}
        </ul>
        ${
          pictures.length > this.shown
            ? html`<button
                class="outlined more"
                @click=${(): void => {
                  this.shown += PAGE;
                  void this.#load();
                }}
              >
                Show more
              </button>`
            : nothing
        }
      </div>
      <footer>
        <span
          >${count(pictures.length, "picture")} · ${formatBytes(bytes)}
          <span class="bounds">of at most ${bounds.bytes / 1e6} MB; the oldest make room</span></span
        >
        <span class="gap"></span>
        <button
          class="outlined"
          ?disabled=${pictures.length === 0 || this.packing}
          @click=${(): void => void this.#downloadAll()}
        >
          ${icons.download}${this.packing ? "Packing" : "Download all"}
        </button>
        <button
          class="outlined danger"
          ?disabled=${pictures.length === 0}
          @click=${(): void => void this.#remove(pictures)}
        >
          ${icons.trash}Delete all
        </button>
      </footer>`;
  }

  #card(meta: PictureMeta): TemplateResult {
    const file = this.#files.get(meta.id);
    return html`<li class="card" data-picture=${meta.id}>
      <button
        class="open"
        aria-label="Look at ${meta.graph}, ${seedWords(meta)}"
        @click=${(): void => {
          this.chosen = meta;
        }}
      >
        <span class="frame square"
          >${
            file
              ? html`<img
                  src=${this.#urls.of(meta.id, file)}
                  alt=""
                  loading="lazy"
                  class=${isSmall(meta) ? "fine" : ""}
                />`
              : nothing
          }</span
        >
        <span class="words"
          ><span class="title" title=${meta.graph}>${meta.graph}</span
          ><span class="facts">${seedWords(meta)} · ${ago(meta.time)}</span></span
        >
      </button>
    </li>`;
  }

  #large(meta: PictureMeta): TemplateResult {
    const file = this.#files.get(meta.id);
    const at = this.pictures.findIndex(({ id }) => id === meta.id);
    return html`<header>
        <button
          class="icon"
          aria-label="Back to all pictures"
          @click=${(): void => {
            this.chosen = undefined;
          }}
        >
          ${icons.back}
        </button>
        <h2 id="title">${meta.graph}</h2>
        <span class="push"></span>
        <span class="place">${at + 1} of ${this.pictures.length}</span>
        ${this.#closeButton()}
      </header>
      <div class="stage">
        ${
          file
            ? html`<img
                src=${this.#urls.of(meta.id, file)}
                alt="Picture of ${meta.graph}"
                class=${isSmall(meta) ? "fine" : ""}
              />`
            : nothing
        }
      </div>
      <footer>
        <span class="story"
          ><b>${seedWords(meta)}</b> · ${meta.node} · ${meta.width} × ${meta.height} · ${meta.backend},
          ${formatDuration(meta.ms)} · ${moment(meta.time)}</span
        >
        <span class="gap"></span>
        <button class="outlined danger" @click=${(): void => void this.#remove([meta])}>
          ${icons.trash}Delete
        </button>
        <button class="outlined" @click=${(): void => void this.#downloadOne(meta)}>
          ${icons.download}Download
        </button>
        <button class="primary" @click=${(): void => this.#openGraph(meta)}>Open its graph</button>
      </footer>`;
  }

  #closeButton(): TemplateResult {
    return html`<button class="icon" aria-label="Close" @click=${(): void => this.close()}>
      ${icons.close}
    </button>`;
  }

  #key(event: KeyboardEvent): void {
    if (!this.chosen) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.chosen = undefined;
      return;
    }
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const next = this.pictures[this.pictures.findIndex(({ id }) => id === this.chosen?.id) + step];
    if (!next) return;
    this.chosen = next;
    void this.#load();
  }

  async #read(): Promise<void> {
    try {
      this.trouble = "";
      this.pictures = await this.history.list();
      if (this.chosen && !this.pictures.includes(this.chosen)) this.chosen = undefined;
      await this.#load();
    } catch (error) {
      this.trouble = `The pictures could not be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** Files of what is shown. The browser keeps them on its disk; here are handles. */
  async #load(): Promise<void> {
    const wanted = this.pictures.slice(0, this.shown);
    if (this.chosen) wanted.push(this.chosen);
    const missing = wanted.filter(({ id }) => !this.#files.has(id)).map(({ id }) => id);
    const files = await this.history.files(missing);
    for (const [index, id] of missing.entries()) {
      const file = files[index];
      if (file) this.#files.set(id, file);
    }
    const known = new Set(this.pictures.map(({ id }) => id));
    for (const id of this.#files.keys()) if (!known.has(id)) this.#files.delete(id);
    this.#urls.keep(known);
    this.requestUpdate();
  }

  #openGraph(meta: PictureMeta): void {
    const file = this.#files.get(meta.id);
    if (!file) return;
    this.close();
    this.dispatchEvent(new CustomEvent("open-picture", { detail: new File([file], pictureName(meta)) }));
  }

  async #downloadOne(meta: PictureMeta): Promise<void> {
    const file = await this.history.file(meta.id);
    if (file) download(pictureName(meta), file, "image/png");
  }

  async #downloadAll(): Promise<void> {
    this.packing = true;
    try {
      download("latent-loom-pictures.zip", await zipOf(this.history, this.pictures), "application/zip");
    } catch (error) {
      this.trouble = `The pictures could not be packed: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      this.packing = false;
    }
  }

  async #remove(metas: readonly PictureMeta[]): Promise<void> {
    const files = await this.history.files(metas.map(({ id }) => id));
    const taken = metas.flatMap((meta, index): [PictureMeta, Blob][] => {
      const file = files[index];
      return file ? [[meta, file]] : [];
    });
    await this.history.remove(metas.map(({ id }) => id));
    const detail: Announcement = {
      text: `Deleted ${count(metas.length, "picture")}`,
      undo: () => this.history.restore(taken),
    };
    this.dispatchEvent(new CustomEvent<Announcement>("announce", { detail }));
  }

  #saidDone(failure: unknown): void {
    if (failure !== undefined) this.trouble = failure instanceof Error ? failure.message : String(failure);
    this.dispatchEvent(new CustomEvent("said-done"));
  }

  get isOpen(): boolean {
    return this.renderRoot.querySelector("dialog")?.open === true;
  }

  #stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.dispatchEvent(new CustomEvent("closed"));
  }
}

const isSmall = ({ width, height }: PictureMeta): boolean => Math.max(width, height) < 400;

const seedWords = ({ seeds }: PictureMeta): string =>
  seeds.length === 0 ? "no seed" : `${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}`;

/** All pictures in one archive. PNG is packed already: it is stored as it is. */
async function zipOf(history: PictureHistory, pictures: readonly PictureMeta[]): Promise<Blob> {
  const files: Record<string, Uint8Array> = {};
  for (const meta of pictures) {
    const file = await history.file(meta.id);
    if (!file) continue;
    let name = pictureName(meta);
    for (let number = 2; Object.hasOwn(files, name); number++)
      name = pictureName(meta).replace(/\.png$/, `-${number}.png`);
    files[name] = new Uint8Array(await file.arrayBuffer());
  }
  return new Promise((resolve, reject) => {
    zip(files, { level: 0 }, (error, bytes) => {
      if (error) reject(error);
      else resolve(new Blob([bytes as BlobPart], { type: "application/zip" }));
    });
  });
}
