import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Edit } from "../graph/edits.ts";

/** One step of the log. Documents share what did not change, so that a step costs what it changed. */
interface Step {
  readonly label: string;
  readonly before: GraphDocument;
  readonly after: GraphDocument;
  /** Steps of one key in a row are one step, until the key is sealed: typing into one field, nudging one selection. */
  readonly key: string | undefined;
}

export interface StoreChange {
  readonly document: GraphDocument;
  readonly previous: GraphDocument;
  readonly label: string;
  /** `replace` means another graph: views start afresh. */
  readonly cause: "edit" | "undo" | "redo" | "replace";
}

const LONGEST_LOG = 1000;

/** The document as it is now, and the log of the commands that made it so. */
export class GraphStore {
  #document: GraphDocument;
  #done: Step[] = [];
  #undone: Step[] = [];
  #sealed = true;
  readonly #listeners = new Set<(change: StoreChange) => void>();

  constructor(document: GraphDocument) {
    this.#document = document;
  }

  get document(): GraphDocument {
    return this.#document;
  }

  /** What undo would take back, in words; undefined when there is nothing. */
  get undoLabel(): string | undefined {
    return this.#done.at(-1)?.label;
  }

  get redoLabel(): string | undefined {
    return this.#undone.at(-1)?.label;
  }

  subscribe(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Runs one command: one step of undo. An edit that changes nothing leaves no step.
   *
   * @param key commands of the same key in a row become one step, until {@link seal} or another command
   */
  execute(label: string, edit: Edit, key?: string): void {
    const before = this.#document;
    const after = edit(before);
    if (after === before) return;
    const last = this.#done.at(-1);
    if (key !== undefined && !this.#sealed && last?.key === key) {
      this.#done[this.#done.length - 1] = { ...last, after };
    } else {
      this.#done.push({ label, before, after, key });
      if (this.#done.length > LONGEST_LOG) this.#done.shift();
    }
    this.#sealed = key === undefined;
    this.#undone = [];
    this.#set(after, label, "edit");
  }

  /** Ends the step that keyed commands are being gathered in. */
  seal(): void {
    this.#sealed = true;
  }

  undo(): boolean {
    const step = this.#done.pop();
    if (!step) return false;
    this.#undone.push(step);
    this.#sealed = true;
    this.#set(step.before, step.label, "undo");
    return true;
  }

  redo(): boolean {
    const step = this.#undone.pop();
    if (!step) return false;
    this.#done.push(step);
    this.#sealed = true;
    this.#set(step.after, step.label, "redo");
    return true;
  }

  /** Opens another graph. It is a step too: undo brings back the graph that was open. */
  replace(document: GraphDocument, label = "Open graph"): void {
    const before = this.#document;
    this.#done.push({ label, before, after: document, key: undefined });
    this.#undone = [];
    this.#sealed = true;
    this.#set(document, label, "replace");
  }

  #set(document: GraphDocument, label: string, cause: StoreChange["cause"]): void {
    const previous = this.#document;
    this.#document = document;
    for (const listener of this.#listeners) listener({ document, previous, label, cause });
  }
}
