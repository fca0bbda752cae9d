import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { bytesText } from "../../nodes/sources/remote/transfer-note.ts";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import { icons } from "../theme/icons.ts";
import type { ModelsClient, Room, StoredModel } from "../worker/models-client.ts";
import { modelsStyles } from "./models-styles.ts";

interface Work {
  readonly name: string;
  readonly done: number;
  readonly total: number;
  readonly note: string;
}

/** Shows what is stored in this browser; pins it, checks it, goes on fetching it, deletes it. */
export class LoomModels extends LoomDialog {
  static override properties = {
    models: { attribute: false },
    list: { state: true },
    room: { state: true },
    persisted: { state: true },
    work: { state: true },
    sure: { state: true },
    messages: { state: true },
    fault: { state: true },
  };

  static override styles = [LoomDialog.frame, LoomDialog.prose, modelsStyles];

  declare models: ModelsClient | undefined;
  /** Undefined while it is being read. */
  declare list: readonly StoredModel[] | undefined;
  declare room: Room | undefined;
  declare persisted: boolean;
  declare work: Work | undefined;
  /** The model that is asked about: delete it? */
  declare sure: string | undefined;
  /** What was found out about models, by name. */
  declare messages: ReadonlyMap<string, string>;
  declare fault: string;

  constructor() {
    super();
    this.models = undefined;
    this.list = undefined;
    this.room = undefined;
    this.persisted = false;
    this.work = undefined;
    this.sure = undefined;
    this.messages = new Map();
    this.fault = "";
  }

  async open(): Promise<void> {
    this.fault = "";
    this.messages = new Map();
    this.sure = undefined;
    const shown = this.show();
    await this.#refresh();
    await shown;
  }

  async #refresh(): Promise<void> {
    await this.#try(async () => {
      this.list = (await this.models?.list()) ?? [];
      this.room = await this.models?.room();
      this.persisted = (await navigator.storage?.persisted?.()) ?? false;
    });
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Error && error.name === "AbortError"))
        this.fault = error instanceof Error ? error.message : String(error);
    }
  }

  protected override heading(): string {
    return "Models in this browser";
  }

  protected override content(): TemplateResult {
    const { list } = this;
    return html`<div class="body">
      ${this.#usage()}
      ${this.fault === "" ? nothing : html`<div class="fault" role="alert">${this.fault}</div>`}
      ${
        list === undefined
          ? html`<p class="empty" role="status">Looking…</p>`
          : list.length === 0
            ? html`<p class="empty">
                Nothing is stored yet. A graph that needs a model from the Hub asks before it fetches it; then
                it is kept here, and runs without a network.
              </p>`
            : html`<ul>
                ${list.map((model) => this.#item(model))}
              </ul>`
      }
    </div>`;
  }

  #usage(): TemplateResult | typeof nothing {
    if (!this.room) return nothing;
    const { used, total } = this.room;
    const models = (this.list ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
    return html`<div class="usage">
      <meter min="0" max=${total} value=${used} aria-label="Room that is used"></meter>
      <p>
        ${bytesText(models)} of models; ${bytesText(used)} of ${bytesText(total)} that this browser grants are
        in use.
        ${
          this.persisted
            ? "They stay when the disk runs full."
            : html`The browser may delete them when the disk runs full.
                <button class="link" @click=${(): void => void this.#persist()}>Keep them</button>`
        }
      </p>
    </div>`;
  }

  async #persist(): Promise<void> {
    this.persisted = (await navigator.storage?.persist?.()) ?? false;
    if (!this.persisted)
      this.fault = "The browser does not promise to keep them. Adding a bookmark of this page may help.";
  }

  #item(model: StoredModel): TemplateResult {
    const { reference, bytes, files, partial, pinned, lastUsed, host } = model;
    const work = this.work?.name === reference ? this.work : undefined;
    const isBusy = this.work !== undefined;
    const message = this.messages.get(reference);
    const total = files.reduce((sum, { size = 0 }) => sum + size, 0);
    return html`<li data-model=${reference}>
      <div class="head">
        <span
          class="name"
          title=${model.commit === undefined ? reference : `${reference}, commit ${model.commit}`}
          >${reference}</span
        >
        <span class="size">${bytesText(bytes)}</span>
      </div>
      <div class="facts">
        ${files.length === 1 ? "1 file" : `${String(files.length)} files`} from ${host}, used
        ${new Date(lastUsed).toLocaleDateString()}${
          partial
            ? html`,
                <strong class="partial"
                  >in part${total > bytes ? `: ${bytesText(bytes)} of ${bytesText(total)}` : ""}</strong
                >`
            : ""
        }
      </div>
      ${
        work
          ? html`<div class="work" role="status">
              <progress max=${work.total || 1} value=${work.done} aria-label=${work.note}></progress>
              <span>${work.note}</span>
            </div>`
          : nothing
      }
      ${message === undefined ? nothing : html`<div class="message" role="status">${message}</div>`}
      <div class="acts">
        ${
          this.sure === reference
            ? html`<span class="sure">Delete ${bytesText(bytes)}?</span>
                <button class="outlined" @click=${(): void => void (this.sure = undefined)}>Keep</button>
                <button
                  class="outlined danger"
                  data-do="delete"
                  @click=${(): void => void this.#remove(model)}
                >
                  Delete
                </button>`
            : html`<label title="A pinned model is not deleted by mistake"
                  ><input
                    type="checkbox"
                    name="pin"
                    .checked=${pinned}
                    ?disabled=${isBusy}
                    @change=${(event: Event): void =>
                      void this.#pin(reference, (event.currentTarget as HTMLInputElement).checked)}
                  />
                  Pinned</label
                >
                <span class="gap"></span>
                ${
                  work
                    ? html`<button class="outlined" @click=${(): void => void this.models?.stop()}>
                        Stop
                      </button>`
                    : partial
                      ? html`<button
                          class="outlined"
                          ?disabled=${isBusy}
                          @click=${(): void => void this.#resume(reference)}
                        >
                          ${icons.download} Fetch the rest
                        </button>`
                      : html`<button
                          class="outlined"
                          ?disabled=${isBusy}
                          @click=${(): void => void this.#check(reference)}
                        >
                          Check
                        </button>`
                }
                <button
                  class="outlined danger"
                  aria-label="Delete ${reference}"
                  title=${pinned ? "Unpin it first" : `Delete ${reference}`}
                  ?disabled=${isBusy || pinned}
                  @click=${(): void => void (this.sure = reference)}
                >
                  Delete
                </button>`
        }
      </div>
    </li>`;
  }

  async #pin(name: string, pinned: boolean): Promise<void> {
    await this.#try(async () => this.models?.pin(name, pinned));
    await this.#refresh();
  }

  async #remove({ reference }: StoredModel): Promise<void> {
    this.sure = undefined;
    await this.#try(async () => this.models?.remove(reference));
    await this.#refresh();
  }

  async #check(name: string): Promise<void> {
    await this.#work(name, "checking", async (models, tell) => {
      const faults = await models.check(name, tell);
      return faults.length === 0
        ? "All files are whole."
        : `${faults.map(({ path, fault }) => `${path} ${fault}.`).join(" ")} The next run fetches it anew.`;
    });
  }

  async #resume(name: string): Promise<void> {
    await this.#work(name, "fetching", async (models, tell) => {
      await models.resume(name, tell);
      return "All files are here.";
    });
  }

  async #work(
    name: string,
    note: string,
    act: (models: ModelsClient, tell: (done: number, total: number, note: string) => void) => Promise<string>,
  ): Promise<void> {
    const { models } = this;
    if (!models) return;
    this.fault = "";
    this.messages = new Map();
    this.work = { name, done: 0, total: 0, note };
    await this.#try(async () => {
      const message = await act(models, (done, total, words) => {
        if (this.work?.name === name) this.work = { name, done, total, note: words };
      });
      this.messages = new Map([[name, message]]);
    });
    this.work = undefined;
    await this.#refresh();
  }
}
