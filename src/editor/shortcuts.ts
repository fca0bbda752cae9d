/** Everything that the keyboard can ask for. */
export type ActionId =
  | "run"
  | "cancel"
  | "undo"
  | "redo"
  | "palette"
  | "delete"
  | "select-all"
  | "escape"
  | "rename"
  | "fold"
  | "fit"
  | "fit-selection"
  | "zoom-in"
  | "zoom-out"
  | "save"
  | "open"
  | "help";

export interface Shortcut {
  readonly action: ActionId;
  /** `Mod` is Ctrl, or ⌘ on a Mac. The first one is shown. */
  readonly keys: readonly string[];
  readonly title: string;
  readonly group: "Run" | "Edit" | "Add" | "View" | "File";
  /** Also while a field has the focus. */
  readonly inFields?: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { action: "run", keys: ["Mod+Enter"], title: "Run the graph", group: "Run", inFields: true },
  { action: "cancel", keys: ["Mod+."], title: "Cancel the run", group: "Run", inFields: true },
  { action: "palette", keys: ["Space"], title: "Add a node", group: "Add" },
  { action: "undo", keys: ["Mod+Z"], title: "Undo", group: "Edit" },
  { action: "redo", keys: ["Mod+Shift+Z", "Mod+Y"], title: "Redo", group: "Edit" },
  { action: "delete", keys: ["Delete", "Backspace", "X"], title: "Delete what is selected", group: "Edit" },
  { action: "select-all", keys: ["Mod+A"], title: "Select all", group: "Edit" },
  { action: "escape", keys: ["Escape"], title: "Let go, select nothing", group: "Edit" },
  { action: "rename", keys: ["F2"], title: "Rename the node", group: "Edit" },
  { action: "fold", keys: ["H"], title: "Fold or unfold", group: "View" },
  { action: "fit", keys: ["Home"], title: "Show all", group: "View" },
  { action: "fit-selection", keys: ["F"], title: "Show what is selected", group: "View" },
  { action: "zoom-in", keys: ["+", "="], title: "Zoom in", group: "View" },
  { action: "zoom-out", keys: ["-"], title: "Zoom out", group: "View" },
  { action: "save", keys: ["Mod+S"], title: "Save as a file", group: "File", inFields: true },
  { action: "open", keys: ["Mod+O"], title: "Open a file", group: "File", inFields: true },
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
    (shortcut) => (!inField || shortcut.inFields === true) && shortcut.keys.some((keys) => matches(keys, press)),
  )?.action;
}

/** A combination as people of this system know it. */
export function showKeys(keys: string, mac: boolean): string[] {
  if (keys === "+") return ["+"];
  return keys.split("+").map((part) => (part === "Mod" ? (mac ? "⌘" : "Ctrl") : part === "Escape" ? "Esc" : part));
}
