import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { ParamSpec, ParamValue } from "../../engine/node/params.ts";
import { parseParam } from "../graph/parse-param.ts";
import { isMaskUrl } from "../mask/stored-mask.ts";
import { icons } from "../theme/icons.ts";

export interface FieldEvents {
  /** A new valid value. Called while typing; {@link done} ends the undo step. */
  change(value: ParamValue): void;
  done(): void;
  /** Lets the person choose a file or folder of their disk. */
  pick?(): void;
  /** Opens the dialog in which a mask is painted. */
  paint?(): void;
}

/** A parameter of a node, in requests for a dialog that sets it. */
export interface ParamRef {
  readonly node: string;
  readonly name: string;
}

const SOURCE_HINT = "bundled:…, hf:org/name or https://…";

/** The field of one parameter. */
export function paramField(
  name: string,
  spec: ParamSpec,
  value: ParamValue,
  events: FieldEvents,
): TemplateResult {
  const typed = (event: Event): void => {
    const field = event.currentTarget as HTMLInputElement | HTMLTextAreaElement;
    const parsed = parseParam(spec, field.value);
    const fault = "fault" in parsed ? parsed.fault : "";
    field.setAttribute("aria-invalid", String(fault !== ""));
    field.title = fault === "" ? spec.doc : fault;
    if ("value" in parsed) events.change(parsed.value);
  };
  const left = (event: Event): void => {
    const field = event.currentTarget as HTMLInputElement | HTMLTextAreaElement;
    if (field.getAttribute("aria-invalid") === "true") {
      field.value = String(value);
      field.setAttribute("aria-invalid", "false");
    }
    events.done();
  };
  const label = `${name}: ${spec.doc}`;
  switch (spec.kind) {
    case "int":
    case "float":
      return html`<input
        type="number"
        aria-label=${label}
        title=${spec.doc}
        min=${spec.min ?? ""}
        max=${spec.max ?? ""}
        step=${spec.step ?? (spec.kind === "int" ? 1 : "any")}
        .value=${live(String(value))}
        @input=${typed}
        @blur=${left}
      />`;
    case "boolean":
      return html`<input
        type="checkbox"
        aria-label=${label}
        title=${spec.doc}
        .checked=${live(value === true)}
        @change=${(event: Event): void => {
          events.change((event.currentTarget as HTMLInputElement).checked);
          events.done();
        }}
      />`;
    case "choice":
      return html`<select
        aria-label=${label}
        title=${spec.doc}
        .value=${live(String(value))}
        @change=${(event: Event): void => {
          events.change((event.currentTarget as HTMLSelectElement).value);
          events.done();
        }}
      >
        ${spec.options.map((option) => html`<option value=${option} ?selected=${option === value}>${option}</option>`)}
      </select>`;
    case "seed":
      return html`<span class="with-button">
        <input
          inputmode="numeric"
          autocomplete="off"
          aria-label=${label}
          title=${spec.doc}
          .value=${live(String(value))}
          @input=${typed}
          @blur=${left}
        />
        <button
          aria-label="New random ${name}"
          title="New random ${name}"
          @click=${(): void => {
            events.change(Math.floor(Math.random() * 2 ** 32));
            events.done();
          }}
        >
          ${icons.dice}
        </button>
      </span>`;
    case "text":
      if (spec.editor === "mask") return maskField();
      return spec.multiline
        ? html`<textarea
            aria-label=${label}
            title=${spec.doc}
            .value=${live(String(value))}
            @input=${typed}
            @blur=${left}
          ></textarea>`
        : textInput();
    case "source":
      return html`<span class="with-button">
        ${textInput(SOURCE_HINT)}
        <button
          aria-label="Choose ${name} from your disk"
          title="Choose from your disk"
          @click=${(): void => events.pick?.()}
        >
          ${icons.folder}
        </button>
      </span>`;
  }

  function maskField(): TemplateResult {
    const url = String(value);
    return html`<span class="mask-field">
      ${isMaskUrl(url) ? html`<img src=${url} alt="What is painted" draggable="false" />` : nothing}
      <button
        class="outlined"
        aria-label="Paint… ${name}"
        title=${spec.doc}
        @click=${(): void => events.paint?.()}
      >
        Paint…
      </button>
      ${
        url === ""
          ? nothing
          : html`<button
              class="icon"
              aria-label="Remove what is painted"
              title="Remove what is painted"
              @click=${(): void => {
                events.change("");
                events.done();
              }}
            >
              ${icons.trash}
            </button>`
      }
    </span>`;
  }

  function textInput(placeholder = ""): TemplateResult {
    return html`<input
      autocomplete="off"
      spellcheck="false"
      placeholder=${placeholder}
      aria-label=${label}
      title=${spec.doc}
      .value=${live(String(value))}
      @input=${typed}
      @blur=${left}
    />`;
  }
}
