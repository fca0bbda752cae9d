import { arrange } from "../canvas/arrange.ts";
import { moveNodes } from "../graph/edits.ts";
import { tidy } from "../graph/tidy.ts";
import type { Size } from "../graph/tidy.ts";
import type { ActionHost } from "./actions.ts";

/** Lays the open graph out anew as one step of its history, and shows it whole. */
export async function tidyUp({
  session,
  canvas,
  tell,
}: Pick<ActionHost, "session" | "canvas" | "tell">): Promise<void> {
  const { document } = session;
  const sizeOf = (id: string): Size => canvas.rect(id) ?? { width: 264, height: 160 };
  try {
    const positions = await tidy(document, session.catalog, sizeOf, arrange);
    // A layout of what is no longer shown would put nodes on one another.
    if (session.document !== document) {
      tell("The graph changed while it was being tidied, so it was left as it is: tidy it once more.");
      return;
    }
    session.store.execute("Tidy up", moveNodes(positions));
    await canvas.settled;
    await canvas.fit();
  } catch (error) {
    tell(`The layout failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
