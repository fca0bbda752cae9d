import type { LoomCanvas } from "../canvas/loom-canvas.ts";
import type { DockPanel } from "../run/loom-dock.ts";
import type { LoomKeeping } from "../keeping/loom-keeping.ts";
import type { RunControl } from "../run/run-control.ts";
import type { ActionId } from "../shortcuts.ts";
import {
  alignSelected,
  deleteSelected,
  duplicateSelected,
  frameSelected,
  nudgeSelected,
} from "../store/commands.ts";
import { openSelected, subgraphSelected, toggleMode, unpackSelected } from "../store/subgraph-commands.ts";
import type { EditorSession } from "../store/session.ts";
import { tidyUp } from "./tidy-up.ts";

/** What actions need of the page. */
export interface ActionHost {
  readonly session: EditorSession;
  readonly control: RunControl;
  readonly canvas: LoomCanvas;
  readonly keeping: LoomKeeping;
  openPaletteAtCenter(): void;
  openFile(): void;
  openHelp(): void;
  openTemplates(): void;
  openOwnNodes(): void;
  /** Says why something was not done; an empty text says nothing. */
  tell(text: string): void;
  openModels(): void;
  openMemory(): void;
  toggleList(): void;
  toggleProblems(): void;
  openQueue(): void;
  toggleDock(panel: DockPanel): void;
  toggleInspector(): void;
}

const STEP = 10;
const LEAP = 100;

/** Does what a shortcut or a button asks for. */
export const ACTIONS: Readonly<Record<ActionId, (host: ActionHost) => void>> = {
  run: ({ control }) => void control.run(),
  "run-to": ({ control, session }) => {
    const paths = [...session.selection.nodes].map((id) => session.pathOf(id));
    if (paths.length > 0) void control.run(paths);
  },
  cancel: ({ control }) => void control.cancel(),
  pause: ({ control }) => void control.pauseOrProceed(),
  step: ({ control }) => void control.step(),
  queue: (host) => host.openQueue(),
  steps: (host) => host.toggleDock("steps"),
  training: (host) => host.toggleDock("training"),
  inspect: (host) => host.toggleInspector(),
  undo: ({ session }) => void session.store.undo(),
  redo: ({ session }) => void session.store.redo(),
  palette: (host) => host.openPaletteAtCenter(),
  delete: ({ session }) => deleteSelected(session),
  "delete-bridging": ({ session }) => deleteSelected(session, true),
  duplicate: ({ session }) => duplicateSelected(session),
  frame: ({ session }) => frameSelected(session),
  subgraph: (host) => host.tell(subgraphSelected(host.session)),
  unpack: (host) => host.tell(unpackSelected(host.session)),
  "open-subgraph": ({ session, canvas }) => {
    const [id] = session.selection.nodes;
    if (id !== undefined) canvas.nodeElement(id)?.editNote();
    openSelected(session);
  },
  "leave-subgraph": ({ session, canvas }) => {
    const { path } = session.store;
    if (path.length > 0) void canvas.reveal(path.join("/"));
  },
  mute: ({ session }) => toggleMode(session, "mute"),
  bypass: ({ session }) => toggleMode(session, "bypass"),
  "own-nodes": (host) => host.openOwnNodes(),
  shapes: ({ canvas }) => canvas.toggleShapes(),
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
  tidy: (host) => void tidyUp(host),
  fit: ({ canvas }) => void canvas.fit(),
  "fit-selection": ({ canvas, session }) =>
    void canvas.fit(session.selection.nodes.size > 0 ? session.selection.nodes : undefined),
  "zoom-in": ({ canvas }) => void canvas.zoomBy(1.25),
  "zoom-out": ({ canvas }) => void canvas.zoomBy(0.8),
  list: (host) => host.toggleList(),
  problems: (host) => host.toggleProblems(),
  models: (host) => host.openModels(),
  memory: (host) => host.openMemory(),
  templates: (host) => host.openTemplates(),
  save: ({ keeping }) => keeping.saveFile(),
  library: ({ keeping }) => keeping.openLibrary(),
  history: ({ keeping }) => keeping.openHistory(),
  share: ({ keeping }) => keeping.openShare(),
  open: (host) => host.openFile(),
  help: (host) => host.openHelp(),
};
