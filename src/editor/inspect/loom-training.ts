import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { ZoneReport } from "../../nodes/live/reports.ts";
import { Follow } from "../run/follow.ts";
import { holdButton, isLoop } from "../run/holding.ts";
import type { RunControl } from "../run/run-control.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { dockContent } from "../theme/panel-styles.ts";
import { reportStyles } from "./report-styles.ts";

/** What a training reports, live, and what can be done with it: hold it up, sample, end it early, keep its weights. */
export class LoomTraining extends LitElement {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    owner: { state: true },
    zones: { state: true },
    logarithmic: { state: true },
    notice: { state: true },
  };

  static override styles = [
    controls,
    reportStyles,
    dockContent,
    css`
      .row input[type="number"] {
        width: 70px;
        text-align: right;
      }

      .row input[type="checkbox"] {
        width: 16px;
        height: 16px;
        margin: 0;
        accent-color: var(--accent);
      }
    `,
  ];

  declare session: EditorSession;
  declare control: RunControl;
  declare owner: string;
  declare zones: readonly ZoneReport[];
  declare logarithmic: boolean;
  declare notice: string;
  #phase = "";

  constructor() {
    super();
    this.owner = "";
    this.zones = [];
    this.logarithmic = false;
    this.notice = "";
    new Follow(
      this,
      () => [this.session.runs, this.control],
      () => {
        const { runs } = this.session;
        const phase = `${runs.phase}${runs.held ? "held" : ""}`;
        if (phase === this.#phase) return;
        this.#phase = phase;
        void this.#load();
      },
    );
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override render(): TemplateResult {
    const { series } = this.session.runs;
    const owners = series.owners;
    const training = owners.filter((owner) => series.of(owner)?.values.has("loss") === true);
    const owner = owners.includes(this.owner) ? this.owner : (training[0] ?? owners[0]);
    if (owner === undefined)
      return html`<p class="empty quiet">
        No run has reported numbers yet. A training reports its loss after every step, and it is drawn here.
      </p>`;
    const zone = this.zones.find((one) => one.zone === owner);
    return html`<div class="controls">
        ${owners.length > 1 ? this.#choice(owners, owner) : nothing} ${this.#running(owner)}
        ${this.#networks(owner, zone)}
        <label class="row"
          ><input
            type="checkbox"
            .checked=${this.logarithmic}
            @change=${(event: Event): void => {
              this.logarithmic = (event.currentTarget as HTMLInputElement).checked;
            }}
          />
          logarithmic</label
        >
        ${this.notice === "" ? nothing : html`<p class="quiet" role="status">${this.notice}</p>`}
      </div>
      <loom-chart
        .series=${series.of(owner)}
        .length=${series.of(owner)?.steps.length ?? 0}
        .logarithmic=${this.logarithmic}
      ></loom-chart>`;
  }

  #choice(owners: readonly string[], shown: string): TemplateResult {
    return html`<label class="row"
      >Curves of
      <select
        @change=${(event: Event): void => {
          this.owner = (event.currentTarget as HTMLSelectElement).value;
        }}
      >
        ${owners.map((owner) => html`<option value=${owner} ?selected=${owner === shown}>${owner}</option>`)}
      </select></label
    >`;
  }

  #running(owner: string): TemplateResult | typeof nothing {
    if (this.session.runs.phase === "idle") return nothing;
    if (!isLoop(this.session, owner))
      return html`<p class="quiet">This node works in one piece: it can be cancelled, not held up.</p>`;
    const { isHeld, icon } = holdButton(this.session, this.control);
    return html`<div class="row">
      <button class="outlined" @click=${(): void => void this.control.pauseOrProceed()}>
        ${icon}<span>${isHeld ? "Go on" : "Pause"}</span>
      </button>
      <button
        class="outlined"
        title="Ends the training here; the rest of the graph runs with the weights that it has"
        @click=${(): void => void this.#try(() => this.control.client.finish(owner))}
      >
        ${icons.stop}<span>Stop and keep</span>
      </button>
    </div>`;
  }

  #networks(owner: string, zone: ZoneReport | undefined): TemplateResult | typeof nothing {
    const isZone = Object.hasOwn(this.session.expanded.zones ?? {}, owner);
    const carriesNetwork = zone === undefined || zone.networks.length > 0;
    if (!isZone || !carriesNetwork) return nothing;
    const { sampling } = this.session.runs;
    return html`<div class="row">
        <button
          class="outlined"
          ?disabled=${sampling !== undefined}
          @click=${(): void => void this.#try(() => this.control.client.sample(owner))}
        >
          ${icons.eye}<span>${sampling ? `Sampling at step ${sampling.index}` : "Sample now"}</span>
        </button>
        <label class="row"
          >every
          <input
            type="number"
            min="0"
            step="1"
            aria-label="Sample every so many steps, 0 for never"
            .value=${String(this.control.sampleEvery?.zone === owner ? this.control.sampleEvery.iterations : 0)}
            @change=${(event: Event): void => {
              const steps = (event.currentTarget as HTMLInputElement).valueAsNumber;
              void this.control.setSampleEvery(owner, Number.isInteger(steps) ? steps : 0);
            }}
          />
          steps</label
        >
      </div>
      ${
        zone && zone.steps.length > 0
          ? html`<div class="row">
              ${zone.networks.map(
                (name) =>
                  html`<button
                    class="outlined"
                    title="The weights of the newest step, as safetensors"
                    @click=${(): void => void this.#save(owner, name)}
                  >
                    ${icons.download}<span>Save ${name}</span>
                  </button>`,
              )}
            </div>`
          : nothing
      }`;
  }

  async #save(zone: string, name: string): Promise<void> {
    await this.#try(async () => {
      this.notice = `Saved as ${await this.control.client.saveCheckpoint(zone, name)}.`;
    });
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.notice = "";
    try {
      await act();
    } catch (error) {
      this.notice = error instanceof Error ? error.message : String(error);
    }
  }

  async #load(): Promise<void> {
    await this.#try(async () => {
      this.zones = await this.control.client.zones();
    });
  }
}
