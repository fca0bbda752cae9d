/** What can be told of a value, as plain data: it goes from the worker to the page, and onto a terminal. */

/** A picture of bytes, four for each pixel. */
export interface PictureReport {
  readonly label: string;
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray;
}

export interface Histogram {
  /** Lower edge of the first bin and upper edge of the last. */
  readonly from: number;
  readonly to: number;
  /** How many finite values fall into each bin; a value on an edge belongs to the bin above it, the largest to the last. */
  readonly counts: readonly number[];
}

/** Statistics of the finite values; what is not finite is counted apart. */
export interface ArrayStatistics {
  readonly count: number;
  readonly nanCount: number;
  readonly infinityCount: number;
  readonly zeroCount: number;
  /** Undefined where no value is finite. */
  readonly summary?: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    /** Of the population: divided by the count. */
    readonly standardDeviation: number;
  };
  readonly histogram?: Histogram;
}

export interface ValueReport {
  /** Socket type. */
  readonly type: string;
  readonly label: string;
  /** In the words of the type, for example `[1,28,28,1] float32`. */
  readonly text: string;
  readonly bytes: number;
  /** Of an array. A network has the number of its arrays in their place. */
  readonly shape?: readonly number[];
  readonly dtype?: string;
  readonly arrays?: number;
  readonly statistics?: ArrayStatistics;
  /** Why statistics are missing or are those of a part, in words. */
  readonly remark?: string;
  readonly pictures: readonly PictureReport[];
}

/** Who made a value, and when. */
export interface Making {
  readonly node: string;
  readonly port: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly cached: boolean;
  readonly zone?: string;
  /** Counted from 0. */
  readonly iteration?: number;
}

export type WireReport =
  | { readonly kind: "kept"; readonly making: Making; readonly value: ValueReport }
  /** It was made, and freed since. */
  | { readonly kind: "freed"; readonly making: Making; readonly bytes: number; readonly why: string }
  /** No run has made it yet. */
  | { readonly kind: "unmade" };

/** The recording of one zone. */
export interface ZoneReport {
  readonly zone: string;
  /** Iterations whose carried values are there, in order. */
  readonly steps: readonly {
    readonly index: number;
    readonly scalars: Readonly<Record<string, number>>;
  }[];
  readonly bytes: number;
  /** Names of the carried values. */
  readonly carry: readonly string[];
  /** Carried values that are networks, whose weights can be saved. */
  readonly networks: readonly string[];
}

/** One iteration of a recorded zone. */
export interface StepReport {
  readonly zone: string;
  readonly index: number;
  readonly scalars: Readonly<Record<string, number>>;
  readonly values: readonly {
    /** A carried name, or `node.port` of the body. */
    readonly name: string;
    readonly carried: boolean;
    readonly value: ValueReport;
  }[];
}
