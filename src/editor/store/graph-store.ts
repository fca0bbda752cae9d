import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Edit } from "../graph/edits.ts";
import { livePath, putScoped, scopedDocument } from "./scope.ts";
import type { ScopePath, ScopedDocument } from "./scope.ts";

/** One step of the log. Documents share what did not change, so that a step costs what it changed. */
interface Step {
  readonly label: string;
  readonly before: GraphDocument;
  readonly after: GraphDocument;
  /** Steps of one key in a row are one step, until the key is sealed: typing into one field, nudging one selection. */
  readonly key: string | undefined;
  /** Where it was done: undo and redo lead there. */
  readonly path: ScopePath;
}

export interface StoreChange {
  /** What is open: the graph, or one of its subgraphs. */
  readonly document: GraphDocument;
  readonly previous: GraphDocument;
  readonly label: string;
  /** `replace` means another graph: views start afresh. `scope` means that another part of it was opened. */
  readonly cause: "edit" | "undo" | "redo" | "replace" | "scope";
  /** Whether another part of the graph is shown than before. */
  readonly moved: boolean;
}

const LONGEST_LOG = 1000;

/**
 * The document as it is now, and the log of the commands that made it so. What is edited is the part that is open: the graph
 * itself, or one of its subgraphs. The log is over the whole.
 */
export class GraphStore {
  #root: GraphDocument;
  #path: ScopePath = [];
  #done: Step[] = [];
  #undone: Step[] = [];
  #sealed = true;
  readonly #listeners = new Set<(change: StoreChange) => void>();

  constructor(document: GraphDocument) {
    this.#root = document;
  }

  /** What is open. */
  get document(): ScopedDocument {
    return scopedDocument(this.#root, this.#path);
  }

  /** The whole graph: what is run and saved. */
  get root(): GraphDocument {
    return this.#root;
  }

  /** Ids of the subgraph nodes that are open one in the other; empty at the top. */
  get path(): ScopePath {
    return this.#path;
  }

  /** Opens the subgraph at a path, or as much of it as there is. Not a step of undo. */
  openScope(path: ScopePath): void {
    const next = livePath(this.#root, path);
    if (next.join("/") === this.#path.join("/")) return;
    this.#set(this.#root, next, "Open subgraph", "scope");
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
    this.#execute(label, (root) => this.#within(root, edit), key);
  }

  /** Runs a command on the whole graph, wherever it is open. */
  executeRoot(label: string, edit: Edit, key?: string): void {
    this.#execute(label, edit, key);
  }

  #within(root: GraphDocument, edit: Edit): GraphDocument {
    const open = scopedDocument(root, this.#path);
    const after = edit(open);
    return after === open ? root : putScoped(root, this.#path, after);
  }

  #execute(label: string, edit: Edit, key: string | undefined): void {
    const before = this.#root;
    const after = edit(before);
    if (after === before) return;
    const path = this.#path;
    const last = this.#done.at(-1);
    if (key !== undefined && !this.#sealed && last?.key === key) {
      this.#done[this.#done.length - 1] = { ...last, after };
    } else {
      this.#done.push({ label, before, after, key, path });
      if (this.#done.length > LONGEST_LOG) this.#done.shift();
    }
    this.#sealed = key === undefined;
    this.#undone = [];
    this.#set(after, path, label, "edit");
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
    this.#set(step.before, step.path, step.label, "undo");
    return true;
  }

  redo(): boolean {
    const step = this.#undone.pop();
    if (!step) return false;
    this.#done.push(step);
    this.#sealed = true;
    this.#set(step.after, step.path, step.label, "redo");
    return true;
  }

  /** Opens another graph. It is a step too: undo brings back the graph that was open. */
  replace(document: GraphDocument, label = "Open graph"): void {
    const before = this.#root;
    this.#done.push({ label, before, after: document, key: undefined, path: [] });
    this.#undone = [];
    this.#sealed = true;
    this.#set(document, [], label, "replace");
  }

  #set(root: GraphDocument, path: ScopePath, label: string, cause: StoreChange["cause"]): void {
    const previous = this.document;
    const before = this.#path;
    this.#root = root;
    this.#path = livePath(root, path);
    const moved = this.#path.join("/") !== before.join("/");
    const { document } = this;
    for (const listener of this.#listeners) listener({ document, previous, label, cause, moved });
  }
}
