/**
 * Thrown by a node that failed half-way and has outputs worth keeping: a training that broke keeps its last good weights.
 * The run fails with the message; the outputs come with the error as its `partial`.
 */
export class PartialOutputsError extends Error {
  override readonly name = "PartialOutputsError";
  /** Some of the node's outputs, by port. The engine owns them from here on. */
  readonly outputs: Readonly<Record<string, unknown>>;

  constructor(message: string, outputs: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    super(message, options);
    this.outputs = outputs;
  }
}
