import { isFull } from "../library/key-values.ts";
import type { KeyValues } from "../library/key-values.ts";

/** A picture of the history, without its pixels. */
export interface PictureMeta {
  readonly id: string;
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
  readonly graph: string;
  readonly node: string;
  readonly seeds: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** What it ran on, for example `wasm`. */
  readonly backend: string;
  readonly ms: number;
}

export interface Bounds {
  readonly pictures: number;
  readonly bytes: number;
}

export const BOUNDS: Bounds = { pictures: 1000, bytes: 300_000_000 };

const metaKey = (id: string): string => `meta/${id}`;
const fileKey = (id: string): string => `file/${id}`;

/** The pictures that were made, each a PNG that carries its graph. When there are too many, the oldest make room. */
export class PictureHistory {
  readonly #records: KeyValues;
  readonly #bounds: Bounds;
  readonly #listeners = new Set<() => void>();

  constructor(records: KeyValues, bounds: Bounds = BOUNDS) {
    this.#records = records;
    this.#bounds = bounds;
  }

  get bounds(): Bounds {
    return this.#bounds;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last one first. */
  async list(): Promise<PictureMeta[]> {
    const keys = (await this.#records.keys()).filter((key) => key.startsWith("meta/"));
    const metas = await this.#records.getMany<PictureMeta>(keys);
    return metas
      .filter((meta) => meta !== undefined)
      .sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1));
  }

  file(id: string): Promise<Blob | undefined> {
    return this.#records.get<Blob>(fileKey(id));
  }

  files(ids: readonly string[]): Promise<(Blob | undefined)[]> {
    return this.#records.getMany<Blob>(ids.map(fileKey));
  }

  /**
   * Keeps a picture. Where the browser has no room, older ones make it.
   *
   * @throws what the database says, if there is no room even for one
   */
  async add(meta: Omit<PictureMeta, "id" | "bytes">, file: Blob): Promise<void> {
    const whole: PictureMeta = { ...meta, id: crypto.randomUUID(), bytes: file.size };
    let older = await this.list();
    let room = { pictures: this.#bounds.pictures - 1, bytes: this.#bounds.bytes - whole.bytes };
    const kept = older.filter(({ bytes }) => {
      room = { pictures: room.pictures - 1, bytes: room.bytes - bytes };
      return room.pictures >= 0 && room.bytes >= 0;
    });
    for (;;) {
      const gone = older.filter((one) => !kept.includes(one));
      try {
        await this.#records.write({
          put: [
            [metaKey(whole.id), whole],
            [fileKey(whole.id), file],
          ],
          remove: gone.flatMap(({ id }) => [metaKey(id), fileKey(id)]),
        });
        break;
      } catch (error) {
        if (!isFull(error) || kept.length === 0) throw error;
        // A quarter goes at once: a full disk would stop at each single one.
        const dropped = kept.splice(-Math.ceil(kept.length / 4));
        await this.#records.write({ remove: dropped.flatMap(({ id }) => [metaKey(id), fileKey(id)]) });
        older = older.filter((one) => !dropped.includes(one));
      }
    }
    this.#tell();
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#records.write({ remove: ids.flatMap((id) => [metaKey(id), fileKey(id)]) });
    this.#tell();
  }

  /** Puts back what {@link remove} took, as the page still has it. */
  async restore(pictures: readonly (readonly [PictureMeta, Blob])[]): Promise<void> {
    await this.#records.write({
      put: pictures.flatMap(([meta, file]): [string, unknown][] => [
        [metaKey(meta.id), meta],
        [fileKey(meta.id), file],
      ]),
    });
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** A file name that says what the picture is: graph, seed and time. */
export function pictureName({ graph, seeds, time }: PictureMeta): string {
  const stem = graph
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 60);
  const stamp = new Date(time).toISOString().slice(0, 19).replaceAll(/[:T]/g, "-");
  return `${[stem === "" ? "picture" : stem, ...seeds.slice(0, 1).map((seed) => `seed-${seed}`), stamp].join("-")}.png`;
}
