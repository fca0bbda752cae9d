import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import type { EditorSession } from "../store/session.ts";
import { icons } from "../theme/icons.ts";
import type { RunControl } from "./run-control.ts";
import { formatDuration } from "./run-model.ts";
import type { RunRecord } from "./run-record.ts";
import type { QueueEntry } from "./run-queue.ts";
import { seedsOf, setSeedMode, withSeeds, type SeedMode, type Seeds } from "./seeds.ts";

const MODES: readonly (readonly [SeedMode, string])[] = [
  ["fixed", "fixed"],
  ["increment", "one more each run"],
  ["random", "random each run"],
];
const STATES: Readonly<Record<QueueEntry["state"], string>> = {
  waiting: "waits",
  running: "runs now",
  done: "done",
  cancelled: "cancelled",
  failed: "failed",
};
const MOST_RUNS = 100;
const SHOWN_RECORDS = 12;

/** Several runs in a row, what becomes of the seeds between them, and the runs that were. */
export class LoomQueue extends LoomDialog {
  static override properties = { session: { attribute: false }, control: { attribute: false } };

  static override styles = [
    LoomDialog.frame,
    css`
      dialog {
        width: 560px;
      }

      .content {
        display: grid;
        gap: 18px;
        padding: 4px 20px 20px;
      }

      h3 {
        margin: 0 0 6px;
        font: 600 var(--text-l) / 1.3 var(--font);
      }

      p {
        margin: 0;
        color: var(--text-2);
      }

      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
      }

      .row input {
        width: 64px;
        height: 30px;
        text-align: right;
      }

      table {
        width: 100%;
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }

      td,
      th {
        padding: 4px 8px 4px 0;
        border-bottom: 1px solid var(--line);
        text-align: left;
        font-weight: 400;
        overflow-wrap: anywhere;
      }

      td:last-child {
        padding-right: 0;
        text-align: right;
        white-space: nowrap;
      }

      td button {
        min-height: 24px;
      }

      td select {
        width: 150px;
      }

      .quiet {
        color: var(--text-2);
      }

      .warn {
        color: var(--warn);
      }

      .bad {
        color: var(--bad);
      }
    `,
  ];

  declare session: EditorSession;
  declare control: RunControl;
  protected override readonly closeLabel = "Close the queue";
  #unsubscribe: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    const refresh = (): void => {
      if (this.isOpen) this.requestUpdate();
    };
    const { session, control } = this;
    this.#unsubscribe = [
      control.queue.subscribe(refresh),
      control.history.subscribe(refresh),
      session.store.subscribe(refresh),
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  async open(): Promise<void> {
    this.requestUpdate();
    await this.show();
    this.renderRoot.querySelector<HTMLInputElement>("#count")?.select();
  }

  protected override heading(): string {
    return "Runs and seeds";
  }

  protected override content(): TemplateResult {
    const { queue } = this.control;
    const seeds = seedsOf(this.session.store.root, this.session.base);
    const allFixed = seeds.every(({ mode }) => mode === "fixed");
    return html`<div class="content">
      <form
        @submit=${(event: SubmitEvent): void => {
          event.preventDefault();
          this.#queue();
        }}
      >
        <div class="row">
          <label for="count">Run</label>
          <input id="count" type="number" min="1" max=${MOST_RUNS} step="1" value="4" />
          <span>times</span>
          <button class="primary" type="submit">Queue the runs</button>
        </div>
        ${
          allFixed
            ? html`<p class="warn">
                ${
                  seeds.length === 0
                    ? "No node of this graph has a seed, so all runs would be the same."
                    : "All seeds are fixed, so all runs would be the same. Choose what becomes of a seed below."
                }
              </p>`
            : nothing
        }
      </form>
      ${seeds.length === 0 ? nothing : this.#seeds(seeds)}
      ${queue.entries.length === 0 ? nothing : this.#entries(queue.entries)} ${this.#records()}
    </div>`;
  }

  #seeds(seeds: ReturnType<typeof seedsOf>): TemplateResult {
    const { store } = this.session;
    return html`<section>
      <h3>Seeds</h3>
      <p>
        A seed changes before a run starts, never after it: the seed that is shown is the one that was used.
      </p>
      <table>
        ${seeds.map(
          ({ address, title, name, value, mode }) =>
            html`<tr>
              <th scope="row">
                ${title}${name === "seed" ? nothing : html` <span class="quiet">${name}</span>`}
              </th>
              <td>${value}</td>
              <td>
                <select
                  aria-label="What becomes of ${address}"
                  @change=${(event: Event): void =>
                    store.executeRoot(
                      "Change what becomes of a seed",
                      setSeedMode(address, (event.currentTarget as HTMLSelectElement).value as SeedMode),
                    )}
                >
                  ${MODES.map(([id, label]) => html`<option value=${id} ?selected=${id === mode}>${label}</option>`)}
                </select>
              </td>
            </tr>`,
        )}
      </table>
    </section>`;
  }

  #entries(entries: readonly QueueEntry[]): TemplateResult {
    const { queue } = this.control;
    return html`<section>
      <h3>Queue</h3>
      ${
        !queue.isGoing && queue.waiting > 0
          ? html`<p class="row">
              The queue has stopped; ${queue.waiting === 1 ? "1 run waits" : `${queue.waiting} runs wait`}.
              <button class="outlined" @click=${(): void => void queue.go()}>Continue</button>
            </p>`
          : nothing
      }
      <table>
        ${entries.map(
          ({ id, seeds, state, ms }) =>
            html`<tr data-state=${state}>
              <th scope="row">Run ${id}</th>
              <td>${seedWords(seeds)}</td>
              <td class=${state === "failed" ? "bad" : ""}>
                ${STATES[state]}${ms === undefined ? "" : ` · ${formatDuration(ms)}`}
                ${
                  state === "waiting"
                    ? html`<button
                        class="icon"
                        aria-label="Take run ${id} out"
                        title="Take it out"
                        @click=${(): void => queue.remove(id)}
                      >
                        ${icons.close}
                      </button>`
                    : nothing
                }
              </td>
            </tr>`,
        )}
      </table>
      ${queue.waiting > 1 ? html`<button class="outlined" @click=${(): void => queue.clear()}>Take all out</button>` : nothing}
    </section>`;
  }

  #records(): TemplateResult {
    const records = this.control.history.records.slice(0, SHOWN_RECORDS);
    return html`<section>
      <h3>Earlier runs</h3>
      ${
        records.length === 0
          ? html`<p>Nothing has been run since the page was opened.</p>`
          : html`<table>
              ${records.map((record) => this.#record(record))}
            </table>`
      }
    </section>`;
  }

  #record({ startedAt, ms, kind, seeds, backend, resume }: RunRecord): TemplateResult {
    const { store, base } = this.session;
    const time = new Date(startedAt).toLocaleTimeString();
    const from = resume ? `, from step ${resume.index}` : "";
    return html`<tr>
      <th scope="row">${time}</th>
      <td>${seedWords(seeds)}</td>
      <td>
        <span class=${kind === "failed" ? "bad" : "quiet"}
          >${STATES[kind]}${from} · ${formatDuration(ms)} · ${backend}</span
        >
        ${
          Object.keys(seeds).length === 0
            ? nothing
            : html`<button
                class="outlined"
                @click=${(): void => store.executeRoot("Use the seeds of a run", withSeeds(base, seeds))}
              >
                Use seed
              </button>`
        }
      </td>
    </tr>`;
  }

  #queue(): void {
    const field = this.renderRoot.querySelector<HTMLInputElement>("#count");
    const count = field?.valueAsNumber ?? 1;
    if (!Number.isInteger(count) || count < 1 || count > MOST_RUNS) {
      field?.reportValidity();
      return;
    }
    void this.control.queue.add(count);
  }
}

function seedWords(seeds: Seeds): string {
  const values = Object.entries(seeds);
  if (values.length === 0) return "no seed";
  if (values.length === 1) return `seed ${String(values[0]?.[1])}`;
  return values.map(([address, value]) => `${address.split(".")[0] ?? ""} ${value}`).join(", ");
}
