import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { Catalog } from "../../src/editor/graph/catalog.ts";
import { endpoint, shapeOf } from "../../src/editor/graph/ports.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { describeNodes } from "../../src/nodes/describe.ts";
import type { Motion } from "./frames.ts";
import { openPage } from "./open-page.ts";

/** A graph in the words of litegraph.js, the canvas that ComfyUI grew from. */
interface PeerGraph {
  readonly nodes: readonly {
    readonly id: string;
    readonly title: string;
    readonly at: readonly [number, number];
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly widgets: readonly string[];
  }[];
  readonly links: readonly {
    readonly from: readonly [string, string];
    readonly to: readonly [string, string];
  }[];
}

/** What is used of litegraph.js, which has no types of its own worth the name. */
interface PeerNode {
  title: string;
  pos: [number, number];
  size: [number, number];
  addInput(name: string, type: string): void;
  addOutput(name: string, type: string): void;
  addWidget(type: string, name: string, value: number): void;
  connect(output: string, target: PeerNode, input: string): void;
  computeSize(): [number, number];
}
interface PeerCanvas {
  ds: { scale: number; offset: [number, number] };
  setDirty(front: boolean, back: boolean): void;
  selectNodes(nodes?: PeerNode[]): void;
  processMouseWheel(event: unknown): void;
}
interface PeerWindow {
  readonly LiteGraph: {
    LGraph: new () => { add(node: PeerNode): void; clear(): void };
    LGraphNode: new (title: string) => PeerNode;
    LGraphCanvas: new (element: HTMLCanvasElement, graph: unknown) => PeerCanvas;
  };
  peer?: {
    graph: { add(node: PeerNode): void; clear(): void };
    canvas: PeerCanvas;
    nodes: Map<string, PeerNode>;
  };
}

/** The motions that litegraph.js is measured in as well. */
export const PEER_MOTIONS: readonly Motion[] = ["drag", "pan", "zoom", "panFar", "dragFar"];

/** A page of the same size with litegraph.js and nothing else. */
export async function openLitegraph(browser: Browser): Promise<Page> {
  const page = await openPage(browser);
  const entry = createRequire(fileURLToPath(new URL("../package.json", import.meta.url))).resolve(
    "litegraph.js",
  );
  await page.setContent(
    '<!doctype html><body style="margin:0;overflow:hidden"><canvas id="c" width="1440" height="900"></canvas>',
  );
  await page.addScriptTag({ path: entry });
  await page.evaluate(() => {
    const { LiteGraph } = globalThis as unknown as PeerWindow;
    const graph = new LiteGraph.LGraph();
    const element = document.querySelector<HTMLCanvasElement>("#c");
    if (!element) throw new Error("The page has no canvas.");
    const canvas = new LiteGraph.LGraphCanvas(element, graph);
    (globalThis as unknown as PeerWindow).peer = { graph, canvas, nodes: new Map() };
  });
  return page;
}

/** The same nodes, sockets, parameters, places and wires. */
export function toPeer(document: GraphDocument): PeerGraph {
  const catalog = new Catalog(describeNodes());
  return {
    nodes: Object.entries(document.nodes).map(([id, record]) => {
      const { title, inputs, outputs, params } = shapeOf(document, catalog, id, record);
      const names = (ports: readonly { readonly name: string }[]): string[] => ports.map(({ name }) => name);
      const at = document.layout?.[id] ?? [0, 0];
      return {
        id,
        title,
        at,
        inputs: names(inputs),
        outputs: names(outputs),
        widgets: names(params),
      };
    }),
    links: document.edges.map(({ from, to }) => {
      const [output, input] = [endpoint(from), endpoint(to)];
      return { from: [output.node, output.port], to: [input.node, input.port] };
    }),
  };
}

/** Opens a graph and returns the milliseconds until it is on the screen. */
export function loadInPeer(page: Page, graph: PeerGraph): Promise<number> {
  return page.evaluate(async (given) => {
    const { LiteGraph, peer } = globalThis as unknown as PeerWindow;
    if (!peer) throw new Error("The peer is not open.");
    const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    const started = performance.now();
    peer.graph.clear();
    peer.nodes.clear();
    for (const { id, title, at, inputs, outputs, widgets } of given.nodes) {
      const node = new LiteGraph.LGraphNode(title);
      for (const name of inputs) node.addInput(name, "*");
      for (const name of outputs) node.addOutput(name, "*");
      for (const name of widgets) node.addWidget("number", name, 1);
      node.pos = [...at];
      node.size = node.computeSize();
      peer.graph.add(node);
      peer.nodes.set(id, node);
    }
    for (const { from, to } of given.links) {
      const [source, target] = [peer.nodes.get(from[0]), peer.nodes.get(to[0])];
      if (source && target) source.connect(from[1], target, to[1]);
    }
    peer.canvas.setDirty(true, true);
    await frame();
    await frame();
    return performance.now() - started;
  }, graph);
}

/** Moves the same for some frames and returns the milliseconds of each. */
export function moveInPeer(page: Page, motion: Motion, frames: number): Promise<number[]> {
  return page.evaluate(
    async ([kind, count]) => {
      const { peer } = globalThis as unknown as PeerWindow;
      const element = document.querySelector("#c");
      if (!peer || !element) throw new Error("The peer is not open.");
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      const far = kind.endsWith("Far");
      const all = [...peer.nodes.values()];
      const shown = far ? all : all.slice(0, 8);
      const left = Math.min(...shown.map(({ pos }) => pos[0]));
      const top = Math.min(...shown.map(({ pos }) => pos[1]));
      const right = Math.max(...shown.map(({ pos, size }) => pos[0] + size[0]));
      const bottom = Math.max(...shown.map(({ pos, size }) => pos[1] + size[1]));
      peer.canvas.ds.scale = Math.min(1, 1300 / (right - left), 780 / (bottom - top));
      peer.canvas.ds.offset = [
        720 / peer.canvas.ds.scale - (left + right) / 2,
        450 / peer.canvas.ds.scale - (top + bottom) / 2,
      ];
      peer.canvas.selectNodes(kind === "dragFar" ? all : []);
      peer.canvas.setDirty(true, true);
      const fire = (target: EventTarget, type: string, x: number, y: number): void => {
        target.dispatchEvent(
          new MouseEvent(type, {
            clientX: x,
            clientY: y,
            button: 0,
            buttons: 1,
            bubbles: true,
            cancelable: true,
          }),
        );
      };
      let [startX, startY] = [720, 450];
      if (kind.startsWith("drag")) {
        const grip = peer.nodes.get("predict0");
        if (!grip) throw new Error("The graph has no such node.");
        const { scale, offset } = peer.canvas.ds;
        startX = (grip.pos[0] + 20 + offset[0]) * scale;
        startY = (grip.pos[1] - 12 + offset[1]) * scale;
      } else {
        // Into the empty place beside everything.
        [startX, startY] = [4, 4];
      }
      await new Promise((resolve) => setTimeout(resolve, 600));
      const places = (): string =>
        JSON.stringify([peer.canvas.ds.scale, [...peer.canvas.ds.offset], all.map(({ pos }) => [...pos])]);
      const before = places();
      if (kind !== "zoom") fire(element, "mousedown", startX, startY);
      const times: number[] = [];
      let last = await frame();
      for (let index = 1; index <= count; index++) {
        const angle = (index / 60) * 2 * Math.PI;
        if (kind === "zoom") {
          peer.canvas.processMouseWheel({
            wheelDeltaY: index % 60 < 30 ? -40 : 40,
            clientX: 720,
            clientY: 450,
            preventDefault: () => undefined,
          });
        } else {
          const [dx, dy] = [Math.sin(angle) * 220, (1 - Math.cos(angle)) * 110];
          fire(document, "mousemove", startX + dx, startY + dy);
          if (index === 20 && before === places()) {
            throw new Error(`Nothing moves in litegraph.js: ${kind}.`);
          }
        }
        const now = await frame();
        times.push(now - last);
        last = now;
      }
      fire(document, "mouseup", startX, startY);
      return times;
    },
    [motion, frames] as const,
  );
}
