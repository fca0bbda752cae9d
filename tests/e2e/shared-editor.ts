import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { EditorPage } from "./editor-page.ts";

export interface SharedEditor {
  readonly editor: EditorPage;
  /** The graph that the page opened with. */
  readonly start: GraphDocument;
}

/**
 * One page for all tests of the block around it. Each begins with the graph that the page opened with, and after each the live
 * graph has to equal the document, without a word in the console. What it returns is filled before the first test.
 */
export function shareEditor(name: string): SharedEditor {
  const shared: { editor?: EditorPage; start?: GraphDocument } = {};
  const editor = (): EditorPage => {
    if (!shared.editor) throw new Error("The page is not open yet.");
    return shared.editor;
  };

  beforeAll(async () => {
    shared.editor = await EditorPage.open(name);
    shared.start = await shared.editor.document();
  });

  afterAll(async () => {
    await shared.editor?.close();
  });

  beforeEach(async () => {
    await editor().page.evaluate((graph) => {
      if (graph) (document.querySelector("loom-app") as LoomApp).session.store.replace(graph);
    }, shared.start);
    await editor().settled();
  });

  afterEach(async () => {
    const { live, document } = await editor().liveAndDocument();
    expect(live).toEqual(document);
    expect(editor().errors).toEqual([]);
  });

  return {
    get editor() {
      return editor();
    },
    get start() {
      if (!shared.start) throw new Error("The page is not open yet.");
      return shared.start;
    },
  };
}
