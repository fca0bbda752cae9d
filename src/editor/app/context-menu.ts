import type { LoomCanvas } from "../canvas/loom-canvas.ts";
import type { MenuEntry } from "../panels/loom-menu.ts";
import { frameOf } from "../canvas/frame-layer.ts";
import { framesOf, removeFrame, removeFromFrames } from "../graph/frames.ts";
import { setZone } from "../graph/zones.ts";
import type { EditorSession } from "../store/session.ts";

export interface MenuRequest {
  /** In pixels of the page's canvas element. */
  readonly x: number;
  readonly y: number;
  readonly entries: readonly MenuEntry[];
}

/** What can be done at a place: with the node there, with the wire there, or with the graph. Selects what it is about. */
export function menuAt(canvas: LoomCanvas, session: EditorSession, event: MouseEvent): MenuRequest {
  const box = canvas.getBoundingClientRect();
  const place = { x: event.clientX - box.left, y: event.clientY - box.top };
  const at = canvas.toCanvas(event);
  const id = canvas.nodeIdAt(event);
  const frame = frameOf(event);
  if (frame !== undefined) return { ...place, entries: frameEntries(canvas, session, frame) };
  if (id !== undefined) {
    if (!session.selection.nodes.has(id)) session.selection.set([id]);
    return { ...place, entries: nodeEntries(canvas, session, id) };
  }
  const wire = canvas.wireAt(at.x, at.y);
  if (wire) {
    session.selection.set([], wire.key);
    return {
      ...place,
      entries: [
        { label: "Inspect", action: "inspect" },
        { label: "Remove wire", action: "delete" },
      ],
    };
  }
  return {
    ...place,
    entries: [
      { label: "Add node…", action: "palette", run: () => canvas.openPalette(at) },
      { label: "Select all", action: "select-all" },
      { label: "Tidy the graph", action: "tidy" },
      { label: "Show all", action: "fit" },
      ...(session.store.path.length === 0
        ? []
        : [{ label: "Leave the subgraph", action: "leave-subgraph" } as const]),
      { label: "Undo", action: "undo" },
      { label: "Redo", action: "redo" },
    ],
  };
}

function frameEntries(canvas: LoomCanvas, session: EditorSession, frame: string): MenuEntry[] {
  return [
    { label: "Rename frame", run: () => canvas.renameFrame(frame) },
    {
      label: "Remove frame, keep its nodes",
      run: () => session.store.execute("Remove frame", removeFrame(frame)),
    },
  ];
}

function nodeEntries(canvas: LoomCanvas, session: EditorSession, id: string): MenuEntry[] {
  const { store, catalog, selection } = session;
  const zone = store.document.nodes[id]?.zone;
  const record = store.document.nodes[id];
  const info = catalog.node(record?.type ?? "");
  const isEnd = info?.zoneEnd !== undefined || info?.boundary !== undefined;
  const entries: MenuEntry[] = [
    { label: "Run to here", action: "run-to" },
    { label: "Inspect", action: "inspect" },
    { label: "Rename", action: "rename" },
    { label: "Fold or unfold", action: "fold" },
    { label: "Duplicate", action: "duplicate" },
    { label: "Frame what is selected", action: "frame" },
    { label: "Make a subgraph of what is selected", action: "subgraph" },
    { label: record?.mode === "mute" ? "Mute no more" : "Mute", action: "mute" },
    { label: record?.mode === "bypass" ? "Bypass no more" : "Bypass", action: "bypass" },
    { label: "Delete", action: "delete" },
    { label: "Delete and join the wires", action: "delete-bridging" },
  ];
  if (info?.subgraph !== undefined) {
    entries.push(
      { label: "Open the subgraph", action: "open-subgraph" },
      { label: "Unpack the subgraph", action: "unpack" },
      {
        label: "Keep as a node of your own",
        run: () => canvas.dispatchEvent(new CustomEvent("keep-own", { detail: id })),
      },
    );
  }
  if (info?.boundary !== undefined)
    entries.push({ label: "Ports…", run: () => canvas.dispatchEvent(new CustomEvent("edit-ports")) });
  const frame = Object.entries(framesOf(store.document)).find(([, { nodes }]) => nodes.includes(id));
  if (frame) {
    entries.push({
      label: `Take out of frame ${frame[1].title}`,
      run: () => store.execute("Take out of frame", removeFromFrames(selection.nodes)),
    });
  }
  if (!isEnd) {
    for (const other of Object.keys(store.document.zones ?? {})) {
      if (other === zone) continue;
      entries.push({
        label: `Move into zone ${other}`,
        run: () => store.execute("Move into zone", setZone(catalog, selection.nodes, other)),
      });
    }
    if (zone !== undefined) {
      const parent = store.document.zones?.[zone]?.parent;
      entries.push({
        label: `Move out of zone ${zone}`,
        run: () => store.execute("Move out of zone", setZone(catalog, selection.nodes, parent)),
      });
    }
  }
  return entries;
}
