import type { Locator } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import type { NodeRun } from "../../src/editor/run/run-model.ts";
import { EditorPage } from "./editor-page.ts";

/** The state of the run in the page. */
export interface RunState {
  readonly phase: string;
  readonly held: number | undefined;
  /** Seed of each run, the newest first. */
  readonly seeds: readonly (number | string)[];
  /** How each run ended, the newest first. */
  readonly kinds: readonly string[];
}

/** What tests of running do with the editor. */
export class RunningPage {
  readonly editor: EditorPage;

  private constructor(editor: EditorPage) {
    this.editor = editor;
  }

  static async open(name: string): Promise<RunningPage> {
    return new RunningPage(await EditorPage.open(name));
  }

  /** Opens a graph in place of the one that is open. */
  async openGraph(graph: GraphDocument): Promise<void> {
    await this.editor.page.evaluate(
      (next) => (document.querySelector("loom-app") as LoomApp).session.store.replace(next),
      graph,
    );
    await this.editor.settled();
  }

  async set(node: string, name: string, value: number | string): Promise<void> {
    await this.editor.param(node, name).fill(String(value));
    await this.editor.param(node, name).blur();
  }

  /** Only nodes that are seen are on the page. */
  async reveal(node: string): Promise<Locator> {
    await this.editor.page.evaluate(
      (id) => (document.querySelector("loom-app") as LoomApp).canvas.reveal(id),
      node,
    );
    await this.editor.settled();
    const element = this.editor.node(node);
    await element.waitFor();
    return element;
  }

  state(): Promise<RunState> {
    return this.editor.page.evaluate(() => {
      const { session, control } = document.querySelector("loom-app") as LoomApp;
      const { records } = control.history;
      return {
        phase: session.runs.phase,
        held: session.runs.held?.index,
        seeds: records.map(({ seeds }) => seeds["seed.seed"] ?? -1),
        kinds: records.map(({ kind }) => kind),
      };
    });
  }

  /** What a node shows of the run. */
  run(node: string): Promise<Pick<NodeRun, "status" | "progress" | "error">> {
    return this.editor.page.evaluate((id) => {
      const { status, progress, error } = (document.querySelector("loom-app") as LoomApp).session.runOf(id);
      return { status, ...(progress && { progress }), ...(error && { error }) };
    }, node);
  }

  /** Waits until the run is held up. @returns the iteration before which it stands. */
  async held(other = -1): Promise<number> {
    await this.editor.page.waitForFunction(
      (not) => {
        const { held } = (document.querySelector("loom-app") as LoomApp).session.runs;
        return held !== undefined && held.index !== not;
      },
      other,
      { timeout: 120_000 },
    );
    return (await this.state()).held ?? -1;
  }

  /** Waits until the loop of the run is under way. */
  async underway(node: string): Promise<void> {
    await this.editor
      .node(node)
      .locator(".state", { hasText: /^\d+ \/ \d+/ })
      .waitFor({ timeout: 120_000 });
  }

  /** Counts the iterations of the loops from now on. */
  countIterations(): Promise<void> {
    return this.editor.page.evaluate(() => {
      const { runs } = (document.querySelector("loom-app") as LoomApp).session;
      const counter = { iterations: 0 };
      Object.assign(window, { counter });
      const original = Object.getPrototypeOf(runs) as typeof runs;
      runs.handle = function (event, now) {
        if (event.type === "iteration") counter.iterations++;
        original.handle.call(runs, event, now);
      };
    });
  }

  iterations(): Promise<number> {
    return this.editor.page.evaluate(
      () => (window as unknown as { counter: { iterations: number } }).counter.iterations,
    );
  }

  /** The picture that a node shows. */
  async picture(node: string): Promise<string> {
    return this.editor
      .node(node)
      .locator("canvas")
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  }

  /** Keys mean text while a field has the focus. */
  async press(key: string): Promise<void> {
    await this.editor.page.evaluate(() => {
      (document.activeElement as HTMLElement | null)?.blur();
      (document.querySelector("loom-app") as LoomApp).canvas.element.focus({ preventScroll: true });
    });
    await this.editor.press(key);
  }

  button(name: string | RegExp): Locator {
    return this.editor.page.getByRole("button", { name, ...(typeof name === "string" && { exact: true }) });
  }
}
