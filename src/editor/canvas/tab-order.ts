import type { LoomNode } from "./loom-node.ts";

/** What the order of the focus needs of the canvas. */
export interface TabHost {
  readonly element: HTMLElement;
  readonly session: { readonly document: { readonly nodes: Readonly<Record<string, unknown>> } };
  nodeOf(event: Event): LoomNode | undefined;
  idOf(element: LoomNode): string;
  bring(id: string): void;
}

const FIELDS = "input, select, textarea, button:not([tabindex='-1'])";

/**
 * Tab goes through the nodes in the order of the file, and through the fields within each; also to nodes that are out of
 * sight and so have no element yet. Past the last node the focus leaves the canvas.
 */
export function followTab(canvas: TabHost, event: KeyboardEvent, end: HTMLElement): void {
  if (event.key !== "Tab" || event.ctrlKey || event.altKey || event.metaKey) return;
  const node = canvas.nodeOf(event);
  const onArea = event.composedPath()[0] === canvas.element;
  if (!node && (!onArea || event.shiftKey)) return;
  if (node && fieldComesNext(node, event.shiftKey)) return;
  const ids = Object.keys(canvas.session.document.nodes);
  const index = node ? ids.indexOf(canvas.idOf(node)) + (event.shiftKey ? -1 : 1) : 0;
  const next = ids[index];
  if (next !== undefined) {
    event.preventDefault();
    canvas.bring(next);
  } else if (event.shiftKey) {
    event.preventDefault();
    canvas.element.focus({ preventScroll: true });
  } else {
    // From here the browser goes on to what follows the canvas.
    end.focus({ preventScroll: true });
  }
}

/** Whether Tab stays within a node. */
function fieldComesNext(node: LoomNode, backwards: boolean): boolean {
  const active = node.shadowRoot?.activeElement ?? null;
  if (backwards) return active !== null;
  const fields = [...(node.shadowRoot?.querySelectorAll<HTMLElement>(FIELDS) ?? [])].filter(
    (field) => !field.matches(":disabled"),
  );
  return fields.length > 0 && active !== fields.at(-1);
}
