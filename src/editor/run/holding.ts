import type { TemplateResult } from "lit";
import type { EditorSession } from "../store/session.ts";
import { icons } from "../theme/icons.ts";
import type { RunControl } from "./run-control.ts";

/** Whether `owner` is a loop that can be held up and ended early: a zone, or a node that says so. */
export function isLoop({ expanded, base }: EditorSession, owner: string): boolean {
  if (Object.hasOwn(expanded.zones ?? {}, owner)) return true;
  return base.node(expanded.nodes[owner]?.type ?? "")?.loops === true;
}

/** Whether anything of the graph can be held up. */
export function hasLoop(session: EditorSession): boolean {
  const { zones = {}, nodes } = session.expanded;
  return Object.keys(zones).length > 0 || Object.keys(nodes).some((node) => isLoop(session, node));
}

/** What the button that holds a run up says: it lets go on what is held up, or is about to be. */
export function holdButton(
  { runs }: EditorSession,
  { isPausing }: RunControl,
): { readonly isHeld: boolean; readonly icon: TemplateResult } {
  const isHeld = runs.held !== undefined || isPausing;
  return { isHeld, icon: isHeld ? icons.play : icons.pause };
}
