import { zip } from "fflate";
import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { download } from "../files/transfer.ts";
import { LoomSheet } from "../library/loom-sheet.ts";
import { saidStyles } from "../library/said.ts";
import type { Told } from "../run/follow.ts";
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
export class LoomHistory extends LoomSheet {
  static override properties = {
    ...LoomSheet.shared,
    history: { attribute: false },
    denied: { attribute: false },
    pictures: { state: true },
    shown: { state: true },
    chosen: { state: true },
    packing: { state: true },
  };

  static override styles = [controls, sheetStyles, historyStyles, saidStyles];

  declare history: PictureHistory;
  /** Why pictures are not kept beyond this page. */
  declare denied: string | undefined;
  declare pictures: readonly PictureMeta[];
  declare shown: number;
  /** The picture that is looked at large. */
  declare chosen: PictureMeta | undefined;
  declare packing: boolean;
  readonly #urls = pictureUrls();
  readonly #files = new Map<string, Blob>();

  constructor() {
    super();
    this.pictures = [];
    this.shown = PAGE;
    this.packing = false;
  }

  protected override source(): Told {
    return this.history;
  }

  protected override reset(): void {
    this.chosen = undefined;
    this.shown = PAGE;
  }

  protected override content(): TemplateResult {
    return this.chosen ? this.#large(this.chosen) : this.#gallery();
  }

  #gallery(): TemplateResult {
    const { pictures } = this;
    const bytes = pictures.reduce((sum, picture) => sum + picture.bytes, 0);
    const { bounds } = this.history;
    return html`<header>
        <h2 id="title">Pictures</h2>
        <span class="push"></span>${this.closeButton()}
      </header>
      <div class="body">
        ${this.warnings(this.denied)}
        ${
          pictures.length === 0
            ? this.empty(
                icons.pictures,
                "Every picture that a run makes is kept here, with its graph and its seed. Press Run.",
              )
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
                  void this.attempt(() => this.#load());
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
          @click=${(): void => void this.attempt(() => this.#downloadAll())}
        >
          ${icons.download}${this.packing ? "Packing" : "Download all"}
        </button>
        <button
          class="outlined danger"
          ?disabled=${pictures.length === 0}
          @click=${(): void => void this.attempt(() => this.#remove(pictures))}
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
        ${this.closeButton()}
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
        <button class="outlined danger" @click=${(): void => void this.attempt(() => this.#remove([meta]))}>
          ${icons.trash}Delete
        </button>
        <button class="outlined" @click=${(): void => void this.attempt(() => this.#downloadOne(meta))}>
          ${icons.download}Download
        </button>
        <button class="primary" @click=${(): void => this.#openGraph(meta)}>Open its graph</button>
      </footer>`;
  }

  protected override keys(): (event: KeyboardEvent) => void {
    return this.#key;
  }

  #key = (event: KeyboardEvent): void => {
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
    void this.attempt(() => this.#load());
  };

  protected override async read(): Promise<void> {
    this.pictures = await this.history.list();
    const { chosen } = this;
    if (chosen) this.chosen = this.pictures.find(({ id }) => id === chosen.id);
    await this.#load();
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
    this.announce({
      text: `Deleted ${count(metas.length, "picture")}`,
      undo: () => this.history.restore(taken),
    });
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
