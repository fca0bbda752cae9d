import { gunzipSync, gzipSync, strFromU8, strToU8 } from "fflate";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { readDocument } from "../../engine/graph/parse.ts";
import { serializeDocument } from "../../engine/graph/serialize.ts";

/** A kept state of a graph, as lists show it. */
export interface Version {
  /** Milliseconds since 1970; also its name. */
  readonly time: number;
  /** Given by the person; empty for those that were kept by themselves. */
  readonly label: string;
  readonly nodes: number;
}

export interface VersionRecord extends Version {
  /** The graph file, gzipped. */
  readonly file: Uint8Array;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MOST = 60;
const MOST_BYTES = 20_000_000;

export function packVersion(document: GraphDocument, time: number, label: string): VersionRecord {
  return {
    time,
    label,
    nodes: Object.keys(document.nodes).length,
    file: gzipSync(strToU8(serializeDocument(document)), { level: 6, mtime: 0 }),
  };
}

/** @throws with words if it is no graph */
export const unpackVersion = ({ file }: VersionRecord): GraphDocument =>
  readDocument(strFromU8(gunzipSync(file)));

/**
 * Which versions have to go. Those with a label stay as long as there is room; of the others all of the last hour stay, one
 * for each hour of the last day, and one for each day before.
 */
export function thinned<T extends VersionRecord>(versions: readonly T[], now: number): T[] {
  const gone: T[] = [];
  const seen = new Set<string>();
  let count = 0;
  let bytes = 0;
  for (const version of [...versions].sort((a, b) => b.time - a.time)) {
    const age = now - version.time;
    const bin =
      age < HOUR
        ? undefined
        : age < DAY
          ? `h${Math.floor(version.time / HOUR)}`
          : `d${Math.floor(version.time / DAY)}`;
    const repeats = version.label === "" && bin !== undefined && seen.has(bin);
    const fits = count === 0 || (count < MOST && bytes + version.file.byteLength <= MOST_BYTES);
    if (repeats || !fits) {
      gone.push(version);
      continue;
    }
    if (bin !== undefined && version.label === "") seen.add(bin);
    count += 1;
    bytes += version.file.byteLength;
  }
  return gone;
}
