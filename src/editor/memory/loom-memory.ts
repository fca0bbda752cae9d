import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { budgetVerdict, budgetWords, memoryText } from "../../nodes/memory/memory-words.ts";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import { formatDuration } from "../run/run-model.ts";
import type { EditorSession } from "../store/session.ts";
import type { MemoryPlan } from "../worker/engine-client.ts";
import { memoryStyles } from "./memory-styles.ts";
import type { MemoryEvent, RunMemory } from "./run-memory.ts";

const GB = 1e9;
/** What a small graphics card has to spare. */
const FIRST_BUDGET = 4 * GB;

/** The memory budget, what the open graph needs, what is loaded, and what the last run loaded and unloaded. */
export class LoomMemory extends LoomDialog {
  static override properties = { session: { attribute: false }, memory: { attribute: false } };

  static override styles = [LoomDialog.frame, LoomDialog.prose, memoryStyles];

  declare session: EditorSession;
  declare memory: RunMemory;
  #unsubscribe: () => void = () => undefined;
  #looking: Promise<void> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = this.memory.subscribe(() => {
      if (this.isOpen) this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe();
  }

  async open(): Promise<void> {
    this.requestUpdate();
    await this.show();
    await this.#look();
  }

  async #look(): Promise<void> {
    if (this.session.runs.phase !== "idle") return;
    this.#looking = this.memory.look(this.session.store.root);
    this.requestUpdate();
    await this.#looking;
    this.#looking = undefined;
    this.requestUpdate();
  }

  protected override heading(): string {
    return "Memory";
  }

  protected override content(): TemplateResult {
    return html`<div class="body">
      ${this.#budget()}
      <section aria-labelledby="plan">
        <h3 id="plan">What this graph needs</h3>
        ${this.#plan()}
      </section>
      <section aria-labelledby="loaded">
        <h3 id="loaded">In memory now</h3>
        ${this.#loaded()}
      </section>
      ${
        this.memory.events.length === 0
          ? nothing
          : html`<section aria-labelledby="events">
              <h3 id="events">
                ${this.session.runs.phase === "idle" ? "What the last run loaded" : "What this run has loaded"}
              </h3>
              <ul data-part="events" tabindex="0" aria-labelledby="events">
                ${this.memory.events.map(eventItem)}
              </ul>
            </section>`
      }
    </div>`;
  }

  #budget(): TemplateResult {
    const { budget } = this.memory;
    const set = (bytes: number | undefined): void => this.memory.setBudget(bytes);
    return html`<section>
      <div class="row" role="radiogroup" aria-label="Memory budget">
        <label
          ><input
            type="radio"
            name="budget"
            .checked=${budget === undefined}
            @change=${(): void => set(undefined)}
          />
          No limit</label
        >
        <label
          ><input
            type="radio"
            name="budget"
            .checked=${budget !== undefined}
            @change=${(): void => set(this.memory.plan?.peakBytes ?? FIRST_BUDGET)}
          />
          At most</label
        >
        <label
          ><input
            type="number"
            min="0.001"
            step="any"
            aria-label="Budget in GB"
            ?disabled=${budget === undefined}
            .value=${budget === undefined ? "" : String(Number((budget / GB).toPrecision(4)))}
            @change=${(event: Event): void => {
              const field = event.currentTarget as HTMLInputElement;
              const bytes = field.valueAsNumber * GB;
              if (bytes > 0) set(bytes);
              // What is no number, or none above zero, changes nothing.
              else this.requestUpdate();
            }}
          />
          GB</label
        >
      </div>
      <p>
        For models and the node that runs, together. Models are unloaded and loaded again to keep to it; the
        result is the same.
      </p>
    </section>`;
  }

  #plan(): TemplateResult {
    const { plan, fault } = this.memory;
    if (this.session.runs.phase !== "idle" && !plan)
      return html`<p role="status">A run goes on. What the graph needs is found out between runs.</p>`;
    if (fault !== "") return html`<p role="status">It cannot be told yet. ${fault}</p>`;
    if (!plan)
      return html`<p role="status">${this.#looking ? "Opening the models…" : "Nothing is known yet."}</p>`;
    if (plan.models.length === 0) return html`<p role="status">This graph reads no models from files.</p>`;
    return html`${this.#verdict(plan)}
      <p>${pictureWords(plan)} The bytes of models are exact, those of work are estimates.</p>
      <div class="scroll">
        <table data-part="plan">
          <thead>
            <tr>
              <th>
                <span>Node</span>
                <span class="key" aria-hidden="true"><i></i>models</span>
                <span class="key" aria-hidden="true"><i class="work"></i>work</span>
              </th>
              <th class="number">Models</th>
              <th class="number">Work</th>
              <th class="number">Together</th>
            </tr>
          </thead>
          <tbody>
            ${plan.steps.map((step) => stepRow(step, Math.max(plan.peakBytes, this.memory.budget ?? 0)))}
          </tbody>
        </table>
      </div>`;
  }

  #verdict(plan: MemoryPlan): TemplateResult {
    const { budget } = this.memory;
    const { peakBytes, leastBytes } = plan;
    return html`<div
      class="verdict"
      role="status"
      data-verdict=${budget === undefined ? "no limit" : budgetVerdict(plan, budget)}
    >
      ${memoryText(peakBytes)} with everything loaded; ${memoryText(leastBytes)} is the least that will do.
      ${budget === undefined ? "" : budgetWords(plan, budget)}
    </div>`;
  }

  #loaded(): TemplateResult {
    const { loaded } = this.memory;
    if (loaded.length === 0) return html`<p>No model is loaded.</p>`;
    return html`<ul data-part="loaded">
      ${loaded.map(
        ({ label, bytes }) => html`<li><span>${label}</span><span>${memoryText(bytes)}</span></li>`,
      )}
    </ul>`;
  }
}

function pictureWords({ picture: { batch, width, height, assumed } }: MemoryPlan): string {
  const pictures = batch === 1 ? "one picture" : `${batch} pictures`;
  return `For ${pictures} of ${width}×${height}${assumed ? ", assumed because the graph does not tell" : ""}.`;
}

function stepRow(
  { node, title, models, modelBytes, workingBytes }: MemoryPlan["steps"][number],
  full: number,
): TemplateResult {
  // Set as a property: the page's own policy refuses an attribute.
  const share = (bytes: number): string => `width: ${((100 * bytes) / full).toFixed(2)}%`;
  return html`<tr data-step=${node} title=${models.join("\n")}>
    <td>
      ${title}${title.toLowerCase() === node.toLowerCase() ? "" : html` <span class="why">${node}</span>`}
      <div class="bar" aria-hidden="true">
        <i .style=${share(modelBytes)}></i><i class="work" .style=${share(workingBytes)}></i>
      </div>
    </td>
    <td class="number">${memoryText(modelBytes)}</td>
    <td class="number">${memoryText(workingBytes)}</td>
    <td class="number">${memoryText(modelBytes + workingBytes)}</td>
  </tr>`;
}

function eventItem({ action, label, bytes, ms, reason }: MemoryEvent): TemplateResult {
  return html`<li data-action=${action}>
    <span
      >${action === "loaded" ? "Loaded" : "Unloaded"}
      ${label}${reason === undefined ? "" : html`<br /><span class="why">${reason}</span>`}</span
    ><span>${memoryText(bytes)}${ms === undefined ? "" : `, ${formatDuration(ms)}`}</span>
  </li>`;
}
