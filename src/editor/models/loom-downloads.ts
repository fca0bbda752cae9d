import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { missingBytes } from "../../nodes/downloads/downloads.ts";
import { bytesText } from "../../nodes/sources/remote/transfer-note.ts";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import type { Download, Room } from "../worker/models-client.ts";
import type { DownloadAnswer, DownloadQuestion } from "./consent.ts";

type Stage = "unknown" | "asking" | "known" | "failed";

/** Asks whether what a graph needs may be fetched: from where, how many files, how much, and whether there is room. */
export class LoomDownloads extends LoomDialog {
  static override properties = {
    room: { attribute: false },
    downloads: { state: true },
    stage: { state: true },
    fault: { state: true },
    free: { state: true },
  };

  static override styles = [
    LoomDialog.frame,
    LoomDialog.prose,
    css`
      dialog {
        width: min(560px, calc(100vw - 24px));
      }

      .body {
        gap: 12px;
        padding-bottom: 16px;
      }

      ul {
        display: grid;
        gap: 8px;
        max-height: 40vh;
        margin: 0;
        padding: 0;
        overflow: auto;
        list-style: none;
      }

      li {
        padding: 10px 12px;
        border: 1px solid var(--line);
        border-radius: var(--radius-m);
        background: var(--surface-2);
      }

      .name {
        display: flex;
        gap: 12px;
        justify-content: space-between;
        font: 600 var(--text-m) / 1.4 var(--font);
      }

      .name span:first-child {
        overflow-wrap: anywhere;
      }

      .name span:last-child {
        white-space: nowrap;
      }

      .from,
      summary {
        color: var(--text-2);
        font: var(--text-m) / 1.5 var(--font);
      }

      summary {
        cursor: pointer;
      }

      table {
        width: 100%;
        border-collapse: collapse;
        font: var(--text-s) / 1.6 var(--mono);
      }

      td:first-child {
        overflow-wrap: anywhere;
      }

      td:last-child {
        padding-left: 12px;
        text-align: right;
        white-space: nowrap;
      }

      .warning,
      .fault {
        padding: 8px 12px;
        border-radius: var(--radius-m);
        background: var(--warn-soft);
        color: var(--warn);
        font: var(--text-m) / 1.5 var(--font);
      }

      .fault {
        background: var(--bad-soft);
        color: var(--bad);
      }

      label {
        display: flex;
        flex: 1;
        align-items: center;
        gap: 6px;
        min-width: 200px;
        color: var(--text-2);
        font: var(--text-m) / 1.4 var(--font);
      }

      label input {
        height: auto;
      }
    `,
  ];

  /** How much room there is; undefined where the browser does not say. */
  declare room: (() => Promise<Room | undefined>) | undefined;
  declare downloads: readonly Download[];
  declare stage: Stage;
  declare fault: string;
  declare free: number | undefined;
  #question: DownloadQuestion | undefined;
  #answer: ((answer: DownloadAnswer) => void) | undefined;

  constructor() {
    super();
    this.room = undefined;
    this.downloads = [];
    this.stage = "unknown";
    this.fault = "";
    this.free = undefined;
  }

  /** Shows the question and waits for the answer; closing the dialog is a no. */
  async ask(question: DownloadQuestion): Promise<DownloadAnswer> {
    this.#answer?.({ agreed: false, remember: false });
    this.#question = question;
    this.downloads = question.downloads;
    this.fault = "";
    this.stage = question.downloads.every(({ files }) => files) ? "known" : "unknown";
    this.free = (await this.room?.().catch(() => undefined))?.free;
    const answer = new Promise<DownloadAnswer>((resolve) => (this.#answer = resolve));
    await this.show();
    return answer;
  }

  protected override heading(): string {
    const count = this.downloads.length;
    return count === 1 ? "This graph needs a model" : `This graph needs ${String(count)} models`;
  }

  protected override content(): TemplateResult {
    const hosts = [...new Set(this.downloads.map(({ host }) => host))].join(" and ");
    const missing = missingBytes(this.downloads);
    return html`<div class="body">
      <p>
        ${
          this.stage === "known" && missing !== undefined
            ? html`It is not stored in this browser yet. <strong>${countFiles(this.downloads)}</strong>,
                <strong>${bytesText(missing)}</strong>, would be fetched from <strong>${hosts}</strong> and
                kept for the next time.`
            : this.stage === "known"
              ? html`It is not stored in this browser yet, and ${hosts} does not say how large it is.`
              : html`It is not stored in this browser yet. Nothing has been fetched so far: ${hosts} has to be
                asked how large it is.`
        }
      </p>
      <ul>
        ${this.downloads.map((download) => this.#item(download))}
      </ul>
      ${
        missing !== undefined && this.free !== undefined && this.stage === "known" && missing > this.free
          ? html`<div class="warning" role="alert">
              Only ${bytesText(this.free)} are free here. What does not fit is read from the network at every
              run, which is slow. Delete stored models under Models to make room.
            </div>`
          : nothing
      }
      ${this.fault === "" ? nothing : html`<div class="fault" role="alert">${this.fault}</div>`}
    </div>`;
  }

  #item({ name, host, files }: Download): TemplateResult {
    const rest = files?.reduce((sum, { size, stored }) => sum + size - stored, 0);
    const stored = files?.reduce((sum, file) => sum + file.stored, 0) ?? 0;
    return html`<li data-model=${name}>
      <div class="name"><span>${name}</span><span>${rest === undefined ? "" : bytesText(rest)}</span></div>
      <div class="from">from ${host}${stored > 0 ? `; ${bytesText(stored)} are here already` : ""}</div>
      ${
        files
          ? html`<details>
              <summary>${files.length === 1 ? "1 file" : `${String(files.length)} files`}</summary>
              <table>
                ${files.map(
                  ({ path, size }) =>
                    html`<tr>
                      <td>${path}</td>
                      <td>${bytesText(size)}</td>
                    </tr>`,
                )}
              </table>
            </details>`
          : nothing
      }
    </li>`;
  }

  protected override footer(): TemplateResult {
    const missing = missingBytes(this.downloads);
    const button =
      this.stage === "known"
        ? html`<button class="primary" data-do="download" @click=${(): void => this.#reply(true)}>
            ${missing === undefined ? "Download" : `Download ${bytesText(missing)}`}
          </button>`
        : html`<button
            class="primary"
            data-do="measure"
            ?disabled=${this.stage === "asking"}
            @click=${(): void => void this.#measure()}
          >
            ${this.stage === "asking" ? "Asking…" : this.stage === "failed" ? "Ask again" : "Ask for the size"}
          </button>`;
    return html`<label
        ><input type="checkbox" name="remember" /> Do not ask again for
        ${this.downloads.length === 1 ? "this model" : "these models"}</label
      >
      <button class="outlined" @click=${this.close}>Cancel</button>${button}`;
  }

  async #measure(): Promise<void> {
    const question = this.#question;
    if (!question) return;
    this.stage = "asking";
    this.fault = "";
    try {
      const downloads = await question.measure();
      // The dialog may have been closed, or stand for another question, meanwhile.
      if (this.#question !== question) return;
      this.downloads = downloads;
      this.stage = "known";
    } catch (error) {
      if (this.#question !== question) return;
      this.fault = error instanceof Error ? error.message : String(error);
      this.stage = "failed";
    }
  }

  #reply(agreed: boolean): void {
    const remember =
      this.renderRoot.querySelector<HTMLInputElement>("input[name=remember]")?.checked === true;
    const answer = this.#answer;
    this.#answer = undefined;
    this.#question = undefined;
    this.close();
    answer?.({ agreed, remember });
  }

  protected override closed(): void {
    this.#answer?.({ agreed: false, remember: false });
    this.#answer = undefined;
    this.#question = undefined;
    const box = this.renderRoot.querySelector<HTMLInputElement>("input[name=remember]");
    if (box) box.checked = false;
  }
}

function countFiles(downloads: readonly Download[]): string {
  const count = downloads.reduce(
    (sum, { files }) => sum + (files?.filter((file) => !file.complete).length ?? 0),
    0,
  );
  return count === 1 ? "1 file" : `${String(count)} files`;
}
