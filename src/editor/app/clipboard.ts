import { parseDocument } from "../../engine/graph/parse.ts";
import { writeGraph } from "../files/read-graph.ts";
import type { Point } from "../graph/edits.ts";
import { copySelected, deleteSelected, pasteInto } from "../store/commands.ts";
import type { EditorSession } from "../store/session.ts";

export interface ClipboardPlace {
  readonly at: Point;
  readonly zone: string | undefined;
}

/** Whether a person edits text: then copy and paste are about the text. */
function inField(event: Event): boolean {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && target.matches("input, textarea, select, pre, pre *, dialog *");
}

/**
 * Copies, cuts and pastes nodes through the system's clipboard, as the text of a graph file: between tabs, into a mail and
 * back. It listens for the browser's own events, which ask for no permission.
 */
export function listenToClipboard(
  session: EditorSession,
  place: () => ClipboardPlace,
  say: (text: string) => void,
): () => void {
  const stop = new AbortController();
  const copy = (event: ClipboardEvent): void => {
    if (inField(event)) return;
    const fragment = copySelected(session);
    if (!fragment || !event.clipboardData) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", writeGraph(fragment));
    if (event.type === "cut") deleteSelected(session);
  };
  const paste = (event: ClipboardEvent): void => {
    if (inField(event)) return;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!text.trimStart().startsWith("{")) return;
    event.preventDefault();
    const parsed = parseDocument(text);
    if (!parsed.ok) {
      say(`What was pasted is no graph. ${parsed.faults[0]?.message ?? ""}`);
      return;
    }
    const { at, zone } = place();
    const reason = pasteInto(session, parsed.document, at, zone);
    if (reason !== "") say(reason);
  };
  const { signal } = stop;
  document.addEventListener("copy", copy, { signal });
  document.addEventListener("cut", copy, { signal });
  document.addEventListener("paste", paste, { signal });
  return () => stop.abort();
}
