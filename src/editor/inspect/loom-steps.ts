import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { StepReport, ZoneReport } from "../../nodes/live/reports.ts";
import { formatBytes, formatNumber } from "../run/run-model.ts";
import type { RunControl } from "../run/run-control.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { dockContent } from "../theme/panel-styles.ts";
import { pictureView } from "./report-view.ts";
import { reportStyles } from "./report-styles.ts";

/** Time that one step is shown while they are played. */
const FRAME_MS = 120;
/** Pictures of steps that are kept here, so that going back and forth costs nothing. */
const MOST_KEPT = 400;

/** Goes through the recorded steps of a loop: latents, the guess of x_0, timestep and sigma; and runs on from any of them. */
export class LoomSteps extends LitElement {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    zones: { state: true },
    zone: { state: true },
    at: { state: true },
    report: { state: true },
    problem: { state: true },
    playing: { state: true },
  };

  static override styles = [
    controls,
    reportStyles,
    dockContent,
    css`
      input[type="range"] {
        width: 100%;
        height: 28px;
        padding: 0;
        border: 0;
        background: none;
        accent-color: var(--accent);
      }

      dl {
        margin: 0;
      }

      .pictures {
        align-items: flex-start;
        gap: 16px;
        margin: 0;
      }

      figure {
        flex: 0 1 190px;
      }
    `,
  ];

  declare session: EditorSession;
  declare control: RunControl;
  declare zones: readonly ZoneReport[] | undefined;
  declare zone: string;
  /** Place in the list of recorded steps. */
  declare at: number;
  declare report: StepReport | undefined;
  declare problem: string;
  declare playing: boolean;
  #unsubscribe: (() => void)[] = [];
  readonly #kept = new Map<string, StepReport>();
  #isAsking = false;
  #timer = 0;
  #phase = "";

  constructor() {
    super();
    this.zones = undefined;
    this.zone = "";
    this.at = 0;
    this.report = undefined;
    this.problem = "";
    this.playing = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { runs } = this.session;
    this.#unsubscribe = [
      runs.subscribe(() => {
        const phase = `${runs.phase}${runs.held ? `${runs.held.zone}${runs.held.index}` : ""}`;
        if (phase === this.#phase) return;
        this.#phase = phase;
        if (runs.phase === "idle" || runs.held) void this.#load();
        else this.requestUpdate();
      }),
    ];
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#play(false);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  protected override render(): TemplateResult {
    const { zones, zone } = this;
    if (this.problem !== "") return html`<p class="empty bad" role="alert">${this.problem}</p>`;
    if (!zones) return html`<p class="empty quiet">Asking the engine…</p>`;
    const shown = zones.find((one) => one.zone === zone);
    if (!shown || shown.steps.length === 0) return this.#empty(zones);
    const step = shown.steps[this.at];
    return html`<div class="controls">
        ${zones.length > 1 ? this.#choice(zones) : nothing} ${this.#slider(shown)} ${this.#numbers(shown)}
        <div class="row">
          <button
            class="outlined"
            ?disabled=${this.session.runs.phase !== "idle" || this.#isEnd(shown)}
            title="Runs the rest of the loop from here, with the parameters that the graph has now"
            @click=${(): void => void this.#fork(zone, step?.index ?? 0)}
          >
            ${icons.fork}<span>Run on from this step</span>
          </button>
        </div>
      </div>
      <div class="pictures" data-step=${this.report ? this.report.index + 1 : nothing}>
        ${this.#pictures()}
      </div>`;
  }

  #empty(zones: readonly ZoneReport[]): TemplateResult {
    const { runs, expanded } = this.session;
    if (Object.keys(expanded.zones ?? {}).length === 0)
      return html`<p class="empty quiet">This graph has no loop. A zone has steps to go through.</p>`;
    if (runs.phase !== "idle")
      return html`<p class="empty quiet">The steps can be gone through when the run is over, or held up.</p>`;
    const ran = runs.summary !== undefined;
    return html`<div class="empty">
      ${zones.length > 1 ? html`<p>${this.#choice(zones)}</p>` : nothing}
      <p class="quiet">
        ${
          ran
            ? "The result was taken from the cache, and its steps are not recorded any more."
            : "Nothing is recorded yet: the steps of a loop are recorded while it runs."
        }
      </p>
      <button class="outlined" @click=${(): void => void this.control.run({ record: true, keepSeeds: true })}>
        ${ran ? "Run again and record" : "Run"}
      </button>
    </div>`;
  }

  #choice(zones: readonly ZoneReport[]): TemplateResult {
    return html`<label class="row"
      >Loop
      <select
        @change=${(event: Event): void => {
          this.zone = (event.currentTarget as HTMLSelectElement).value;
          this.at = 0;
          void this.#show();
        }}
      >
        ${zones.map(({ zone }) => html`<option value=${zone} ?selected=${zone === this.zone}>${zone}</option>`)}
      </select></label
    >`;
  }

  #slider(zone: ZoneReport): TemplateResult {
    const last = zone.steps.length - 1;
    const button = (
      label: string,
      icon: TemplateResult | string,
      act: () => void,
      disabled: boolean,
    ): TemplateResult =>
      html`<button class="icon" aria-label=${label} title=${label} ?disabled=${disabled} @click=${act}>
        ${icon}
      </button>`;
    return html`<input
        type="range"
        min="0"
        max=${last}
        step="1"
        aria-label="Step of ${zone.zone}"
        aria-valuetext=${this.#words(zone)}
        .value=${String(this.at)}
        @input=${(event: Event): void => this.#go((event.currentTarget as HTMLInputElement).valueAsNumber)}
      />
      <div class="row">
        ${button("Earlier step", icons.back, () => this.#go(this.at - 1), this.at === 0)}
        ${button(this.playing ? "Stop playing" : "Play the steps", this.playing ? icons.pause : icons.play, () => this.#play(!this.playing), last === 0)}
        ${button("Later step", icons.forward, () => this.#go(this.at + 1), this.at >= last)}
        <span class="quiet">${this.#words(zone)}</span>
      </div>`;
  }

  /** The last entry holds what the loop gave: no step begins there. */
  #isEnd(zone: ZoneReport): boolean {
    return this.at === zone.steps.length - 1 && Object.keys(zone.steps[this.at]?.scalars ?? {}).length === 0;
  }

  #words(zone: ZoneReport): string {
    const index = zone.steps[this.at]?.index ?? 0;
    const last = zone.steps.at(-1)?.index ?? 0;
    return this.#isEnd(zone) ? `after step ${last}` : `step ${index + 1} of ${last}`;
  }

  #numbers(zone: ZoneReport): TemplateResult {
    const step = zone.steps[this.at];
    const others = this.report?.values.filter(({ value }) => value.pictures.length === 0) ?? [];
    return html`<dl>
        ${Object.entries(step?.scalars ?? {}).map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd data-scalar=${name}>${formatNumber(value)}</dd>`,
        )}
        ${others.map(
          ({ name, value }) =>
            html`<dt>${name}</dt>
              <dd>${value.text === "" ? value.label : value.text}</dd>`,
        )}
      </dl>
      <p class="quiet">${recordedWords(zone)}</p>`;
  }

  #pictures(): TemplateResult | readonly TemplateResult[] {
    const shown = this.report?.values.filter(({ value }) => value.pictures.length > 0) ?? [];
    if (shown.length === 0)
      return this.report ? html`<p class="quiet">Nothing in this step is a picture.</p>` : html``;
    // What enters the step comes first, then what it makes of x_0, then the rest.
    const rank = ({ name, carried }: (typeof shown)[number]): number =>
      carried ? 0 : name.endsWith(".predOriginalSample") ? 1 : 2;
    return [...shown]
      .sort((a, b) => rank(a) - rank(b))
      .flatMap(({ name, value }) => {
        const [first] = value.pictures;
        return first ? [pictureView(first, labelOf(name))] : [];
      });
  }

  #go(at: number): void {
    const last = (this.zones?.find(({ zone }) => zone === this.zone)?.steps.length ?? 1) - 1;
    this.at = Math.max(0, Math.min(last, at));
    void this.#show();
  }

  #play(on: boolean): void {
    this.playing = on;
    window.clearInterval(this.#timer);
    if (!on) return;
    const last = (this.zones?.find(({ zone }) => zone === this.zone)?.steps.length ?? 1) - 1;
    if (this.at >= last) this.#go(0);
    this.#timer = window.setInterval(() => {
      if (this.at >= last) this.#play(false);
      else this.#go(this.at + 1);
    }, FRAME_MS);
  }

  async #fork(zone: string, index: number): Promise<void> {
    this.#play(false);
    await this.control.run({ resume: { zone, index } });
  }

  async #load(): Promise<void> {
    try {
      const zones = await this.control.client.zones();
      this.#kept.clear();
      this.report = undefined;
      this.zones = zones;
      this.problem = "";
      const recorded = zones.find(({ zone, steps }) => zone === this.zone && steps.length > 0);
      this.zone = (recorded ?? zones.find(({ steps }) => steps.length > 0) ?? zones[0])?.zone ?? "";
      const last = (zones.find(({ zone }) => zone === this.zone)?.steps.length ?? 1) - 1;
      this.at = this.session.runs.held || this.at > last || this.at === 0 ? last : this.at;
      await this.#show();
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  /** Asks for the step that is wanted now; of those that were wanted while it was asked for, only the last. */
  async #show(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (;;) {
        const index = this.zones?.find(({ zone }) => zone === this.zone)?.steps[this.at]?.index;
        if (index === undefined) break;
        const key = `${this.zone}:${index}`;
        const report = this.#kept.get(key) ?? (await this.control.client.stepReport(this.zone, index));
        if (this.#kept.size < MOST_KEPT) this.#kept.set(key, report);
        const wanted = this.zones?.find(({ zone }) => zone === this.zone)?.steps[this.at]?.index;
        if (wanted === index) {
          this.report = report;
          break;
        }
      }
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isAsking = false;
    }
  }
}

function recordedWords({ bytes, steps }: ZoneReport): string {
  const isWhole = steps.length - 1 >= (steps.at(-1)?.index ?? 0);
  const room = isWhole ? "" : " Not every step is kept: there is room for so many only.";
  return `${formatBytes(bytes)} are recorded.${room}`;
}

function labelOf(name: string): string {
  if (name.endsWith(".predOriginalSample")) return "prediction of x_0";
  return name;
}
