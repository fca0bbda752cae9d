import type { GraphDocument } from "../../engine/graph/document.ts";
import { freeName, omit, setView } from "./edits.ts";
import type { Edit } from "./edits.ts";

/** A titled frame around nodes. It lies where its nodes are, and means nothing to a run. */
export interface Frame {
  readonly title: string;
  readonly nodes: readonly string[];
}

/** The frames of a document, with only such nodes as there are. What else a file holds there is passed over. */
export function framesOf(document: GraphDocument): Record<string, Frame> {
  const stored = document.view?.["frames"];
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return {};
  const frames: Record<string, Frame> = {};
  for (const [id, value] of Object.entries(stored as Record<string, unknown>)) {
    if (typeof value !== "object" || value === null) continue;
    const { title, nodes } = value as { title?: unknown; nodes?: unknown };
    if (typeof title !== "string" || !Array.isArray(nodes)) continue;
    const live = nodes.filter(
      (node): node is string => typeof node === "string" && Object.hasOwn(document.nodes, node),
    );
    if (live.length > 0) frames[id] = { title, nodes: live };
  }
  return frames;
}

/** Puts nodes into a new frame; they leave the frames that they were in. */
export const addFrame =
  (nodes: Iterable<string>, title: string): Edit =>
  (document) => {
    const chosen = [...nodes].filter((node) => Object.hasOwn(document.nodes, node));
    if (chosen.length === 0) return document;
    const frames = framesOf(removeFromFrames(chosen)(document));
    return setView("frames", { ...frames, [freeName(frames, "frame")]: { title, nodes: chosen } })(document);
  };

export const removeFromFrames =
  (nodes: Iterable<string>): Edit =>
  (document) => {
    const gone = new Set(nodes);
    const frames = framesOf(document);
    const rest = Object.entries(frames).flatMap(([id, frame]): [string, Frame][] => {
      const kept = frame.nodes.filter((node) => !gone.has(node));
      return kept.length === 0
        ? []
        : [[id, kept.length === frame.nodes.length ? frame : { ...frame, nodes: kept }]];
    });
    return Object.keys(frames).length === 0
      ? document
      : setView("frames", Object.fromEntries(rest))(document);
  };

export const setFrameTitle =
  (id: string, title: string): Edit =>
  (document) => {
    const frames = framesOf(document);
    const frame = frames[id];
    return frame ? setView("frames", { ...frames, [id]: { ...frame, title } })(document) : document;
  };

/** Removes the frame; its nodes stay. */
export const removeFrame =
  (id: string): Edit =>
  (document) =>
    setView("frames", omit(framesOf(document), id))(document);
