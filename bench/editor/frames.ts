import type { Page } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";

/** Milliseconds between one frame and the next while something moves. */
export interface FrameTimes {
  readonly p50: number;
  readonly p95: number;
}

export const frameTimes = (frames: readonly number[]): FrameTimes => {
  const sorted = [...frames].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95) };
};

/** Opens a graph in the editor and returns the milliseconds until it is on the screen. */
export function loadGraph(page: Page, graph: GraphDocument): Promise<number> {
  return page.evaluate(async (document_) => {
    const { canvas, session } = document.querySelector("loom-app") as LoomApp;
    const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    const started = performance.now();
    session.store.replace(document_);
    await canvas.settled;
    await frame();
    // The next frame begins when the first with all nodes has been handed over.
    await frame();
    return performance.now() - started;
  }, graph);
}

/** What is moved, and how: `drag` a node that is seen well, `dragFar` all nodes from far out. */
export type Motion = "drag" | "dragFar" | "pan" | "panFar" | "zoom" | "wire";

/**
 * Moves something for some frames, one step of the pointer a frame, and returns the milliseconds of each. The pointer's
 * events are made in the page: what the browser itself spends on a mouse is no part of the figure.
 */
export function moveInEditor(page: Page, motion: Motion, frames: number): Promise<number[]> {
  return page.evaluate(
    async ([motion_, count]) => {
      const { canvas, session } = document.querySelector("loom-app") as LoomApp;
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      const area = canvas.element;
      const box = area.getBoundingClientRect();
      const far = motion_.endsWith("Far");
      await canvas.fit(far ? undefined : Object.keys(session.document.nodes).slice(0, 8));
      const [middleX, middleY] = [box.left + box.width / 2, box.top + box.height / 2];
      const grip = "predict0";
      const press = (target: Element, x: number, y: number, type: string): void => {
        target.dispatchEvent(
          new PointerEvent(type, {
            clientX: x,
            clientY: y,
            button: 0,
            buttons: 1,
            pointerId: 1,
            isPrimary: true,
            pointerType: "mouse",
            bubbles: true,
            composed: true,
            cancelable: true,
          }),
        );
      };
      let target: Element = area;
      let [startX, startY] = [middleX, middleY];
      if (motion_.startsWith("drag")) {
        if (far) session.selection.set(Object.keys(session.document.nodes));
        else session.selection.set([grip]);
        const header = canvas.nodeElement(grip)?.shadowRoot?.querySelector("header");
        if (!header) throw new Error("The node is not drawn.");
        const at = header.getBoundingClientRect();
        target = header;
        [startX, startY] = [at.left + at.width / 3, at.top + at.height / 2];
      }
      if (motion_ === "wire") {
        const element = canvas
          .nodeElement("model0")
          ?.shadowRoot?.querySelector('.socket[data-side="output"]');
        const at = element?.getBoundingClientRect();
        if (!element || !at) throw new Error("The socket is not drawn.");
        target = element;
        [startX, startY] = [at.left + 12, at.top + 12];
      }
      await new Promise((resolve) => setTimeout(resolve, 600));
      const times: number[] = [];
      if (motion_ !== "zoom") press(target, startX, startY, "pointerdown");
      let last = await frame();
      for (let index = 1; index <= count; index++) {
        const angle = (index / 60) * 2 * Math.PI;
        if (motion_ === "zoom") {
          area.dispatchEvent(
            new WheelEvent("wheel", {
              clientX: middleX,
              clientY: middleY,
              deltaY: index % 60 < 30 ? 40 : -40,
              bubbles: true,
              cancelable: true,
            }),
          );
        } else {
          const [dx, dy] = [Math.sin(angle) * 220, (1 - Math.cos(angle)) * 110];
          press(area, startX + dx, startY + dy, "pointermove");
        }
        const now = await frame();
        times.push(now - last);
        last = now;
      }
      canvas.cancelGesture();
      session.selection.clear();
      return times;
    },
    [motion, frames] as const,
  );
}
