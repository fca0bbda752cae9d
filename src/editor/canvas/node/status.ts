import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { formatBytes, formatDuration, reasonWords } from "../../run/run-model.ts";
import { doneWords, leftWords } from "../../run/progress-words.ts";
import type { NodeRun } from "../../run/run-model.ts";

/** What a node does or did in the run, as the word in its header. */
export function stateOf(run: NodeRun): TemplateResult | typeof nothing {
  const { status, progress } = run;
  const text = stateText(run);
  return text === ""
    ? nothing
    : html`<span class="state ${status}" title=${progress?.note ?? whyItRan(run)}>${text}</span>`;
}

function stateText({ status, ms, progress }: NodeRun): string {
  switch (status) {
    case "running":
      return progress ? `${doneWords(progress)}${leftWords(progress.left, " · ")}` : "running";
    case "waiting":
    case "cached":
    case "failed":
      return status;
    case "done":
      return ms === undefined ? "" : formatDuration(ms);
    default:
      return "";
  }
}

/** Why the node ran, or did not. */
function whyItRan({ reason, bytes }: NodeRun): string {
  const size = bytes === undefined || bytes === 0 ? "" : ` It holds ${formatBytes(bytes)}.`;
  return reason ? `${reasonWords(reason)}${size}` : "";
}

/** A bar along the header: endless where the end is not known. */
export function progressOf({ status, progress }: NodeRun): TemplateResult | typeof nothing {
  if (status !== "running") return nothing;
  const known = progress !== undefined && progress.total > 0;
  return html`<div class="bar ${known ? "" : "endless"}"><i></i></div>`;
}
