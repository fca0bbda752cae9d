import { DocumentError } from "../engine/graph/parse.ts";
import { InvalidGraphError } from "../engine/run/errors.ts";

/** Whether the graph, and not the run, is at fault. */
export const isInvalidGraph = (error: unknown): error is DocumentError | InvalidGraphError =>
  error instanceof DocumentError || error instanceof InvalidGraphError;
