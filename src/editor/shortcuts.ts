/** Everything that the keyboard can ask for. */
export type ActionId =
  | "run"
  | "run-to"
  | "models"
  | "memory"
  | "cancel"
  | "pause"
  | "step"
  | "queue"
  | "steps"
  | "training"
  | "inspect"
  | "undo"
  | "redo"
  | "palette"
  | "delete"
  | "delete-bridging"
  | "duplicate"
  | "frame"
  | "subgraph"
  | "unpack"
  | "open-subgraph"
  | "leave-subgraph"
  | "mute"
  | "bypass"
  | "own-nodes"
  | "shapes"
  | "select-all"
  | "escape"
  | "rename"
  | "fold"
  | "nudge-left"
  | "nudge-right"
  | "nudge-up"
  | "nudge-down"
  | "leap-left"
  | "leap-right"
  | "leap-up"
  | "leap-down"
  | "align-left"
  | "align-top"
  | "tidy"
  | "fit"
  | "fit-selection"
  | "zoom-in"
  | "zoom-out"
  | "list"
  | "problems"
  | "templates"
  | "save"
  | "library"
  | "history"
  | "share"
  | "open"
  | "help";

export interface Shortcut {
  readonly action: ActionId;
  /** `Mod` is Ctrl, or ⌘ on a Mac. The first one is shown, with the title; without a title the sheet leaves it out. */
  readonly keys: readonly string[];
  readonly title: string;
  readonly group: "Run" | "Edit" | "Add" | "View" | "File";
  /** Also while a field has the focus. */
  readonly inFields?: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { action: "run", keys: ["Mod+Enter"], title: "Run the graph", group: "Run", inFields: true },
  { action: "run-to", keys: ["Shift+Enter"], title: "Run only to what is selected", group: "Run" },
  { action: "cancel", keys: ["Mod+."], title: "Cancel the run", group: "Run", inFields: true },
  { action: "pause", keys: ["K"], title: "Pause the run, or go on", group: "Run" },
  { action: "step", keys: ["."], title: "One step of the loop", group: "Run" },
  { action: "queue", keys: ["Q"], title: "Queue, seeds and earlier runs", group: "Run" },
  { action: "steps", keys: ["S"], title: "The steps of a loop", group: "View" },
  { action: "training", keys: ["C"], title: "Curves of a training", group: "View" },
  { action: "inspect", keys: ["I"], title: "Inspect what is selected", group: "View" },
  { action: "palette", keys: ["Space"], title: "Add a node", group: "Add" },
  { action: "duplicate", keys: ["Mod+D"], title: "Duplicate, with the wires that come in", group: "Add" },
  { action: "frame", keys: ["Mod+G"], title: "Frame what is selected", group: "Add" },
  {
    action: "subgraph",
    keys: ["Mod+Shift+G"],
    title: "Make a subgraph of what is selected",
    group: "Add",
  },
  { action: "unpack", keys: ["Mod+Shift+U"], title: "Unpack the subgraph", group: "Add" },
  { action: "own-nodes", keys: ["N"], title: "Nodes of your own", group: "Add" },
  { action: "templates", keys: ["T"], title: "Templates", group: "Add" },
  { action: "undo", keys: ["Mod+Z"], title: "Undo", group: "Edit" },
  { action: "redo", keys: ["Mod+Shift+Z", "Mod+Y"], title: "Redo", group: "Edit" },
  { action: "delete", keys: ["Delete", "Backspace", "X"], title: "Delete what is selected", group: "Edit" },
  {
    action: "delete-bridging",
    keys: ["Mod+Delete", "Mod+Backspace"],
    title: "Delete and join the wires",
    group: "Edit",
  },
  { action: "select-all", keys: ["Mod+A"], title: "Select all", group: "Edit" },
  { action: "escape", keys: ["Escape"], title: "Let go, select nothing", group: "Edit" },
  { action: "mute", keys: ["M"], title: "Mute: it and what depends on it do not run", group: "Edit" },
  { action: "bypass", keys: ["B"], title: "Bypass: what comes in goes out again", group: "Edit" },
  { action: "rename", keys: ["F2"], title: "Rename the node", group: "Edit" },
  { action: "nudge-left", keys: ["ArrowLeft"], title: "Move left; far with Shift", group: "Edit" },
  { action: "nudge-right", keys: ["ArrowRight"], title: "Move right; far with Shift", group: "Edit" },
  { action: "nudge-up", keys: ["ArrowUp"], title: "Move up; far with Shift", group: "Edit" },
  { action: "nudge-down", keys: ["ArrowDown"], title: "Move down; far with Shift", group: "Edit" },
  { action: "leap-left", keys: ["Shift+ArrowLeft"], title: "", group: "Edit" },
  { action: "leap-right", keys: ["Shift+ArrowRight"], title: "", group: "Edit" },
  { action: "leap-up", keys: ["Shift+ArrowUp"], title: "", group: "Edit" },
  { action: "leap-down", keys: ["Shift+ArrowDown"], title: "", group: "Edit" },
  { action: "align-left", keys: ["A"], title: "Align on the left", group: "Edit" },
  { action: "align-top", keys: ["Shift+A"], title: "Align at the top", group: "Edit" },
  { action: "open-subgraph", keys: ["Enter"], title: "Open the subgraph, or edit the note", group: "View" },
  { action: "leave-subgraph", keys: ["U"], title: "Leave the subgraph", group: "View" },
  { action: "shapes", keys: ["D"], title: "Shapes on all wires", group: "View" },
  { action: "tidy", keys: ["L"], title: "Tidy the whole graph", group: "View" },
  { action: "fold", keys: ["H"], title: "Fold or unfold", group: "View" },
  { action: "fit", keys: ["Home"], title: "Show all", group: "View" },
  { action: "fit-selection", keys: ["F"], title: "Show what is selected", group: "View" },
  { action: "zoom-in", keys: ["+", "="], title: "Zoom in", group: "View" },
  { action: "zoom-out", keys: ["-"], title: "Zoom out", group: "View" },
  { action: "list", keys: ["V"], title: "The graph as a list", group: "View" },
  { action: "problems", keys: ["P"], title: "List of problems", group: "View" },
  { action: "memory", keys: ["Shift+B"], title: "Memory: budget, plan, what is loaded", group: "Run" },
  { action: "models", keys: ["Shift+M"], title: "Models in this browser", group: "File" },
  { action: "save", keys: ["Mod+S"], title: "Save as a file", group: "File", inFields: true },
  { action: "open", keys: ["Mod+O"], title: "Open a file", group: "File", inFields: true },
  { action: "library", keys: ["Shift+L"], title: "Your graphs", group: "File" },
  { action: "history", keys: ["Shift+P"], title: "Pictures that were made", group: "File" },
  { action: "share", keys: ["Shift+S"], title: "Share as a link", group: "File" },
  { action: "help", keys: ["?"], title: "Show this list", group: "View" },
];

interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Whether a press is the combination `keys`. Shift is not asked for where it only makes the character, as in `?`. */
export function matches(keys: string, press: KeyPress): boolean {
  const parts = keys === "+" ? ["+"] : keys.split("+");
  const key = parts.at(-1) ?? "";
  const mod = parts.includes("Mod");
  if (mod !== (press.ctrlKey || press.metaKey) || parts.includes("Alt") !== press.altKey) return false;
  const letter = /^[A-Za-z]$/.test(key);
  const named = key.length > 1;
  if ((letter || named) && parts.includes("Shift") !== press.shiftKey) return false;
  return (press.key === " " ? "space" : press.key.toLowerCase()) === key.toLowerCase();
}

/** The action of a key press. In a field only those that say so: a person who types means the text. */
export function actionFor(press: KeyPress, inField: boolean): ActionId | undefined {
  return SHORTCUTS.find(
    (shortcut) =>
      (!inField || shortcut.inFields === true) && shortcut.keys.some((keys) => matches(keys, press)),
  )?.action;
}

const SHOWN: Readonly<Record<string, string>> = {
  Escape: "Esc",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** A combination as people of this system know it. */
export function showKeys(keys: string, mac: boolean): string[] {
  if (keys === "+") return ["+"];
  return keys.split("+").map((part) => (part === "Mod" ? (mac ? "⌘" : "Ctrl") : (SHOWN[part] ?? part)));
}
