import { html } from "lit";
import type { TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { icons } from "../theme/icons.ts";
import type { MaskPainting, Tool } from "./painting.ts";

interface ToolsState {
  readonly tool: Tool;
  readonly size: number;
  /** The largest brush. */
  readonly largest: number;
  readonly painting: MaskPainting | undefined;
}

interface ToolsEvents {
  pick(tool: Tool): void;
  resize(size: number): void;
  change(change: (painting: MaskPainting) => void): void;
}

/** The row of tools over the mask. */
export function maskTools(
  { tool, size, largest, painting }: ToolsState,
  events: ToolsEvents,
): TemplateResult {
  const choose = (name: Tool, label: string, key: string, icon: TemplateResult): TemplateResult =>
    html`<button
      aria-pressed=${tool === name}
      title="${label} (${key})"
      @click=${(): void => events.pick(name)}
    >
      ${icon}${label}
    </button>`;
  const step = (move: "undo" | "redo", label: string, possible: boolean): TemplateResult =>
    html`<button
      class="icon"
      aria-label=${label}
      title=${label}
      ?disabled=${!possible}
      @click=${(): void => events.change((to) => to[move]())}
    >
      ${icons[move]}
    </button>`;
  const whole = (kind: "clear" | "fill" | "invert", label: string, help: string): TemplateResult =>
    html`<button title=${help} @click=${(): void => events.change((to) => to.apply(kind))}>${label}</button>`;
  return html`<div class="tools" role="toolbar" aria-label="Painting">
    <span class="pair">
      ${choose("brush", "Brush", "B", icons.brush)} ${choose("eraser", "Eraser", "E", icons.eraser)}
    </span>
    <label class="size" title="Size of the brush ([ and ])"
      >Size
      <input
        type="range"
        min="1"
        max=${largest}
        .value=${live(String(size))}
        @input=${(event: Event): void => events.resize(Number((event.currentTarget as HTMLInputElement).value))}
      />
      <output>${size} px</output></label
    >
    <span class="pair">
      ${step("undo", "Undo the last stroke", painting?.canUndo === true)}
      ${step("redo", "Redo the stroke", painting?.canRedo === true)}
    </span>
    <span class="pair">
      ${whole("clear", "Clear", "Nothing is made anew")} ${whole("fill", "Fill", "All is made anew")}
      ${whole("invert", "Invert", "Swap the two")}
    </span>
  </div>`;
}
