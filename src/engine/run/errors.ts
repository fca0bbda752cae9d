import type { Fault } from "../graph/fault.ts";

/** A graph was to be planned that has faults. */
export class InvalidGraphError extends Error {
  override readonly name = "InvalidGraphError";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(({ message }) => message).join("\n"));
    this.faults = faults;
  }
}

/** What a zone had carried when it stopped. The one who catches the error owns the values and calls `dispose`. */
export interface PartialResult {
  /** Last good carried values, by end node and port, innermost zone first. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  dispose(): void;
}

export interface ErrorPlace {
  readonly node?: string;
  readonly title?: string;
  readonly port?: string;
  readonly zone?: string;
  readonly iteration?: number;
}

/** A run failed. The message says where: `Node "step" (DDIM step): …`. */
export class EngineError extends Error {
  override readonly name: string = "EngineError";
  readonly node: string | undefined;
  readonly port: string | undefined;
  /** The innermost zone that was running. */
  readonly zone: string | undefined;
  /** Counted from 0. */
  readonly iteration: number | undefined;
  partial: PartialResult | undefined;
  readonly #place: ErrorPlace;

  constructor(reason: string, place: ErrorPlace = {}, options?: ErrorOptions) {
    const title = place.title === undefined ? "" : ` (${place.title})`;
    const where = place.node === undefined ? "" : `Node "${place.node}"${title}: `;
    const when =
      place.zone === undefined || place.iteration === undefined
        ? ""
        : ` [zone "${place.zone}", iteration ${place.iteration}]`;
    super(`${where}${reason}${when}`, options);
    this.#place = place;
    this.node = place.node;
    this.port = place.port;
    this.zone = place.zone;
    this.iteration = place.iteration;
  }

  /** The same failure, in the same place, for another reason. */
  because(reason: string): EngineError {
    const error = new EngineError(reason, this.#place, { cause: this });
    error.partial = this.partial;
    return error;
  }
}

/** What was asked of a run names something that its graph does not have, or a value that does not fit. Nothing has run. */
export class RequestError extends EngineError {
  override readonly name = "RequestError";
}

/** The run was cancelled through its signal, or its events were no longer wanted. */
export class RunCancelledError extends EngineError {
  override readonly name = "AbortError";

  constructor(place: ErrorPlace = {}) {
    super("The run was cancelled.", place);
  }
}
