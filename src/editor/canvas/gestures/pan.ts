import type { CanvasHost, Gesture } from "./gesture.ts";

/** Moves the whole canvas. */
export function startPan(host: CanvasHost, start: PointerEvent): Gesture {
  const { x, y } = host.transform;
  return {
    move: (event) => host.panTo(x + event.clientX - start.clientX, y + event.clientY - start.clientY),
    end: () => undefined,
    cancel: () => host.panTo(x, y),
  };
}
