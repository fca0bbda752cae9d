import { readFile } from "node:fs/promises";
import { graphTextOf } from "../engine/graph/graph-in-png.ts";
import { isPng } from "../engine/graph/png-text.ts";
import { UsageError } from "./args.ts";

/**
 * The text of a graph file, or of the graph that a PNG carries.
 *
 * @throws UsageError that names the file, if it cannot be read or is a picture without a graph.
 */
export async function readGraphFile(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (cause as Error).message;
    throw new UsageError(`${path}: ${reason}.`, { cause });
  }
  return isPng(bytes) ? graphOfPicture(path, bytes) : new TextDecoder().decode(bytes);
}

function graphOfPicture(path: string, bytes: Uint8Array): string {
  let text: string | undefined;
  try {
    text = graphTextOf(bytes);
  } catch (cause) {
    throw new UsageError(`${path}: ${(cause as Error).message}`, { cause });
  }
  if (text === undefined) throw new UsageError(`${path}: this picture carries no graph.`);
  return text;
}
