import { LoomApp } from "./app/loom-app.ts";
import { LoomCanvas } from "./canvas/loom-canvas.ts";
import { LoomNode } from "./canvas/loom-node.ts";
import { LoomHistory } from "./history/loom-history.ts";
import { LoomKeeping } from "./keeping/loom-keeping.ts";
import { LoomLibrary } from "./library/loom-library.ts";
import { LoomTabs } from "./library/loom-tabs.ts";
import { LoomChart } from "./inspect/loom-chart.ts";
import { LoomInspector } from "./inspect/loom-inspector.ts";
import { LoomSteps } from "./inspect/loom-steps.ts";
import { LoomTraining } from "./inspect/loom-training.ts";
import { LoomWireCard } from "./inspect/loom-wire-card.ts";
import { LoomWireReport } from "./inspect/loom-wire-report.ts";
import { LoomMask } from "./mask/loom-mask.ts";
import { LoomDownloads } from "./models/loom-downloads.ts";
import { LoomMemory } from "./memory/loom-memory.ts";
import { LoomModels } from "./models/loom-models.ts";
import { LoomCarry } from "./panels/loom-carry.ts";
import { LoomList } from "./panels/loom-list.ts";
import { LoomMenu } from "./panels/loom-menu.ts";
import { LoomMinimap } from "./panels/loom-minimap.ts";
import { LoomPalette } from "./panels/loom-palette.ts";
import { LoomProblems } from "./panels/loom-problems.ts";
import { LoomShortcuts } from "./panels/loom-shortcuts.ts";
import { LoomTemplates } from "./panels/loom-templates.ts";
import { LoomCrumbs } from "./subgraph/loom-crumbs.ts";
import { LoomOwn } from "./subgraph/loom-own.ts";
import { LoomPorts } from "./subgraph/loom-ports.ts";
import { LoomLink } from "./share/loom-link.ts";
import { LoomShare } from "./share/loom-share.ts";
import { LoomDock } from "./run/loom-dock.ts";
import { LoomQueue } from "./run/loom-queue.ts";
import { LoomRunBar } from "./run/loom-run-bar.ts";

const ELEMENTS: Readonly<Record<string, CustomElementConstructor>> = {
  "loom-app": LoomApp,
  "loom-canvas": LoomCanvas,
  "loom-memory": LoomMemory,
  "loom-models": LoomModels,
  "loom-node": LoomNode,
  "loom-carry": LoomCarry,
  "loom-crumbs": LoomCrumbs,
  "loom-history": LoomHistory,
  "loom-keeping": LoomKeeping,
  "loom-library": LoomLibrary,
  "loom-link": LoomLink,
  "loom-downloads": LoomDownloads,
  "loom-chart": LoomChart,
  "loom-dock": LoomDock,
  "loom-inspector": LoomInspector,
  "loom-list": LoomList,
  "loom-mask": LoomMask,
  "loom-menu": LoomMenu,
  "loom-minimap": LoomMinimap,
  "loom-own": LoomOwn,
  "loom-palette": LoomPalette,
  "loom-ports": LoomPorts,
  "loom-problems": LoomProblems,
  "loom-queue": LoomQueue,
  "loom-run-bar": LoomRunBar,
  "loom-shortcuts": LoomShortcuts,
  "loom-share": LoomShare,
  "loom-tabs": LoomTabs,
  "loom-steps": LoomSteps,
  "loom-templates": LoomTemplates,
  "loom-training": LoomTraining,
  "loom-wire-card": LoomWireCard,
  "loom-wire-report": LoomWireReport,
};

/** Makes all elements of the editor known to the browser; safe to call again. */
export function defineElements(): void {
  for (const [name, element] of Object.entries(ELEMENTS)) {
    if (!customElements.get(name)) customElements.define(name, element);
  }
}
