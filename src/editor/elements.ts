import { LoomApp } from "./app/loom-app.ts";
import { LoomCanvas } from "./canvas/loom-canvas.ts";
import { LoomNode } from "./canvas/loom-node.ts";
import { LoomMask } from "./mask/loom-mask.ts";
import { LoomDownloads } from "./models/loom-downloads.ts";
import { LoomModels } from "./models/loom-models.ts";
import { LoomCarry } from "./panels/loom-carry.ts";
import { LoomList } from "./panels/loom-list.ts";
import { LoomMenu } from "./panels/loom-menu.ts";
import { LoomMinimap } from "./panels/loom-minimap.ts";
import { LoomPalette } from "./panels/loom-palette.ts";
import { LoomProblems } from "./panels/loom-problems.ts";
import { LoomShortcuts } from "./panels/loom-shortcuts.ts";
import { LoomTemplates } from "./panels/loom-templates.ts";

const ELEMENTS: Readonly<Record<string, CustomElementConstructor>> = {
  "loom-app": LoomApp,
  "loom-canvas": LoomCanvas,
  "loom-models": LoomModels,
  "loom-node": LoomNode,
  "loom-carry": LoomCarry,
  "loom-downloads": LoomDownloads,
  "loom-list": LoomList,
  "loom-mask": LoomMask,
  "loom-menu": LoomMenu,
  "loom-minimap": LoomMinimap,
  "loom-palette": LoomPalette,
  "loom-problems": LoomProblems,
  "loom-shortcuts": LoomShortcuts,
  "loom-templates": LoomTemplates,
};

/** Makes all elements of the editor known to the browser; safe to call again. */
export function defineElements(): void {
  for (const [name, element] of Object.entries(ELEMENTS)) {
    if (!customElements.get(name)) customElements.define(name, element);
  }
}
