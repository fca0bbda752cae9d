import type { LoomCanvas } from "../canvas/loom-canvas.ts";
import { fileNameOf, writeGraph } from "../files/read-graph.ts";
import { download } from "../files/transfer.ts";
import { tidy } from "../graph/tidy.ts";
import type { RunControl } from "../run/run-control.ts";
import type { ActionId } from "../shortcuts.ts";
import {
  alignSelected,
  deleteSelected,
  duplicateSelected,
  frameSelected,
  nudgeSelected,
} from "../store/commands.ts";
import type { EditorSession } from "../store/session.ts";

/** What actions need of the page. */
export interface ActionHost {
  readonly session: EditorSession;
  readonly control: RunControl;
  readonly canvas: LoomCanvas;
  openPaletteAtCenter(): void;
  openFile(): void;
  openHelp(): void;
  openTemplates(): void;
  openModels(): void;
  toggleList(): void;
  toggleProblems(): void;
}

const STEP = 10;
const LEAP = 100;

/** Does what a shortcut or a button asks for. */
export const ACTIONS: Readonly<Record<ActionId, (host: ActionHost) => void>> = {
  run: ({ control }) => void control.run(),
  "run-to": ({ control, session }) => {
    if (session.selection.nodes.size > 0) void control.run([...session.selection.nodes]);
  },
  cancel: ({ control }) => void control.cancel(),
  undo: ({ session }) => void session.store.undo(),
  redo: ({ session }) => void session.store.redo(),
  palette: (host) => host.openPaletteAtCenter(),
  delete: ({ session }) => deleteSelected(session),
  "delete-bridging": ({ session }) => deleteSelected(session, true),
  duplicate: ({ session }) => duplicateSelected(session),
  frame: ({ session }) => frameSelected(session),
  "select-all": ({ session }) => session.selection.set(Object.keys(session.document.nodes)),
  escape: ({ canvas, session }) => {
    if (!canvas.cancelGesture()) session.selection.clear();
  },
  rename: ({ canvas, session }) => {
    const [id] = session.selection.nodes;
    if (id !== undefined) canvas.nodeElement(id)?.rename();
  },
  fold: ({ canvas, session }) => {
    if (session.selection.nodes.size > 0) canvas.toggleFold([...session.selection.nodes]);
  },
  "nudge-left": ({ session }) => nudgeSelected(session, -STEP, 0),
  "nudge-right": ({ session }) => nudgeSelected(session, STEP, 0),
  "nudge-up": ({ session }) => nudgeSelected(session, 0, -STEP),
  "nudge-down": ({ session }) => nudgeSelected(session, 0, STEP),
  "leap-left": ({ session }) => nudgeSelected(session, -LEAP, 0),
  "leap-right": ({ session }) => nudgeSelected(session, LEAP, 0),
  "leap-up": ({ session }) => nudgeSelected(session, 0, -LEAP),
  "leap-down": ({ session }) => nudgeSelected(session, 0, LEAP),
  "align-left": ({ session }) => alignSelected(session, "left"),
  "align-top": ({ session }) => alignSelected(session, "top"),
  tidy: ({ session, canvas }) => {
    const sizeOf = (id: string): { width: number; height: number } =>
      canvas.rect(id) ?? { width: 264, height: 160 };
    session.store.execute("Tidy up", tidy(session.catalog, sizeOf));
    void canvas.settled.then(() => canvas.fit());
  },
  fit: ({ canvas }) => void canvas.fit(),
  "fit-selection": ({ canvas, session }) =>
    void canvas.fit(session.selection.nodes.size > 0 ? session.selection.nodes : undefined),
  "zoom-in": ({ canvas }) => void canvas.zoomBy(1.25),
  "zoom-out": ({ canvas }) => void canvas.zoomBy(0.8),
  list: (host) => host.toggleList(),
  problems: (host) => host.toggleProblems(),
  models: (host) => host.openModels(),
  templates: (host) => host.openTemplates(),
  save: ({ session }) => download(fileNameOf(session.document), writeGraph(session.document)),
  open: (host) => host.openFile(),
  help: (host) => host.openHelp(),
};
