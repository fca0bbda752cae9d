import type { LoomCanvas, SourceRequest } from "../canvas/loom-canvas.ts";
import { droppedFolder } from "../files/dropped-folder.ts";
import { pickFile, pickFolder } from "../files/transfer.ts";
import { setParam } from "../graph/edits.ts";
import type { RunControl } from "../run/run-control.ts";
import type { LocalFile } from "../worker/engine-client.ts";

/** Files of the person's disk that become the source of a node. */
export class SourceFiles {
  readonly #canvas: () => LoomCanvas;
  readonly #control: RunControl;

  constructor(canvas: () => LoomCanvas, control: RunControl) {
    this.#canvas = canvas;
    this.#control = control;
  }

  /**
   * Gives a dropped file or folder to the node under it, when that node takes one; false when it does not.
   * @throws Error that says where a folder may be dropped.
   */
  async drop(file: File, event: DragEvent): Promise<boolean> {
    const folder = droppedFolder(event);
    const canvas = this.#canvas();
    const node = canvas.nodeOf(event);
    const source = node?.node.shape.params.find((param) => param.spec.kind === "source");
    if (folder) {
      if (!node || !source)
        throw new Error("A folder can be dropped on a node that loads a model or a data set.");
      const files = await folder;
      if (files.length === 0) throw new Error(`The folder "${file.name}" is empty.`);
      await this.#use(canvas.idOf(node), source.name, files, file.name);
      return true;
    }
    if (!node || !source || file.name.endsWith(".json")) return false;
    await this.#use(canvas.idOf(node), source.name, [{ path: file.name, file }]);
    return true;
  }

  async pick({ node, name, holds }: SourceRequest): Promise<void> {
    if (holds === "model" || holds === "dataset") return this.#use(node, name, await pickFolder());
    const file = await pickFile(holds === "image" ? "image/png,image/jpeg" : "");
    if (file) await this.#use(node, name, [{ path: file.name, file }]);
  }

  async #use(node: string, name: string, files: readonly LocalFile[], folder?: string): Promise<void> {
    const [first] = files;
    if (!first) return;
    await this.#control.addFiles(files);
    const path = folder ?? (files.length === 1 ? first.path : (first.path.split("/")[0] ?? first.path));
    this.#canvas().session.store.execute(`Set ${name}`, setParam(node, name, `file:${path}`));
  }
}
