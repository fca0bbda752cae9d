import { html } from "lit";
import type { TemplateResult } from "lit";
import { budgetVerdict, budgetWords, memoryText } from "../../nodes/memory/memory-words.ts";
import type { Keeper } from "../library/keeper.ts";
import type { RunControl } from "../run/run-control.ts";
import type { DockPanel } from "../run/loom-dock.ts";
import { runWords } from "../run/run-words.ts";
import type { EditorSession } from "../store/session.ts";
import type { BackendChoice } from "../worker/engine-client.ts";

export interface StatusHost {
  readonly session: EditorSession;
  readonly control: RunControl;
  readonly showProblems: boolean;
  readonly keeper: Keeper;
  readonly dock: DockPanel | undefined;
  readonly showInspector: boolean;
  toggleProblems(): void;
  toggleDock(panel: DockPanel): void;
  toggleInspector(): void;
  openMemory(): void;
}

/** How much of the budget models take; that the graph needs more than it. */
function memoryButton(host: StatusHost): TemplateResult {
  const { budget, plan, loaded } = host.control.memory;
  const isTooSmall = budget !== undefined && plan && budgetVerdict(plan, budget) === "too small";
  const bytes = loaded.reduce((sum, one) => sum + one.bytes, 0);
  const amount = bytes === 0 ? "" : ` ${memoryText(bytes)}`;
  return html`<button
    class="optional ${isTooSmall ? "bad" : ""}"
    data-part="memory"
    title=${isTooSmall ? budgetWords(plan, budget) : "Memory: the budget, what this graph needs, what is loaded"}
    @click=${(): void => host.openMemory()}
  >
    Memory${amount}${amount !== "" && budget !== undefined ? ` of ${memoryText(budget)}` : ""}
  </button>`;
}

/** The bar at the bottom: the engine, problems, the run, and whether the graph is saved. */
export function statusBar(host: StatusHost, problems: number): TemplateResult {
  const { runtime, failure } = host.control;
  const { runs, document } = host.session;
  const state = runtime ? "" : failure === undefined ? "waiting" : "failed";
  const engine = runtime
    ? `${runtime.backend}${runtime.adapter === undefined ? "" : ` on ${runtime.adapter}`}`
    : failure === undefined
      ? "starting the engine"
      : "the engine did not start";
  const nodes = Object.keys(document.nodes).length;
  return html`<footer class="status">
    <span class="engine" title=${runtime?.reason ?? ""}><i class="dot ${state}"></i>${engine}</span>
    <label class="optional"
      >Backend
      <select
        aria-label="Backend"
        title=${runs.phase === "idle" ? "" : "It can be changed when the run is over"}
        ?disabled=${runs.phase !== "idle"}
        .value=${host.control.backend}
        @change=${(event: Event): void =>
          void host.control
            .start((event.currentTarget as HTMLSelectElement).value as BackendChoice)
            .catch(() => undefined)}
      >
        ${["auto", "webgpu", "wasm", "cpu"].map((name) => html`<option value=${name}>${name}</option>`)}
      </select></label
    >
    <button
      class=${problems > 0 ? "bad" : ""}
      aria-expanded=${host.showProblems}
      @click=${(): void => host.toggleProblems()}
    >
      ${problems === 0 ? "No problems" : problems === 1 ? "1 problem" : `${problems} problems`}
    </button>
    <button
      class="optional"
      title="The steps of a loop"
      aria-expanded=${host.dock === "steps"}
      @click=${(): void => host.toggleDock("steps")}
    >
      Steps
    </button>
    <button
      class="optional"
      title="Curves of a training"
      aria-expanded=${host.dock === "training"}
      @click=${(): void => host.toggleDock("training")}
    >
      Curves
    </button>
    <button
      class="optional"
      title="What the last run made of what is selected"
      aria-expanded=${host.showInspector}
      @click=${(): void => host.toggleInspector()}
    >
      Inspect
    </button>
    ${memoryButton(host)}
    <span class="progress" role="status">${runWords(runs, host.control.isPausing)}</span>
    <span class="gap"></span>
    <span class="optional">${nodes === 1 ? "1 node" : `${nodes} nodes`}</span>
    <span
      class=${host.keeper.state === "failed" ? "bad" : ""}
      data-save=${host.keeper.state}
      title=${host.keeper.words.long}
      >${host.keeper.words.short}</span
    >
  </footer>`;
}
