import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fetchFile, type FetchTarget } from "../../../src/nodes/sources/store/fetch-file.ts";
import { nodeStoreFiles } from "../../../src/nodes/sources/store/node-store-files.ts";
import { bodyPath, readManifest } from "../../../src/nodes/sources/store/records.ts";
import { NoRoomError, type StoreFiles } from "../../../src/nodes/sources/store/store-files.ts";
import { FakeHub, patternBytes } from "../../support/fake-hub.ts";
import { HASTY, temporaryFolder } from "./support.ts";

const FILE = "unet/model.safetensors";
const MB = 1e6;
const hub = new FakeHub();
let cache = "";

beforeAll(() => hub.start());
afterAll(() => hub.stop());
beforeEach(async () => {
  cache = await temporaryFolder();
  hub.reset();
});
afterEach(() => rm(cache, { recursive: true, force: true }));

const target = (files: StoreFiles): FetchTarget => ({
  files,
  folder: "m",
  path: FILE,
  remote: { name: FILE, url: `${hub.url}/cdn/${FILE}` },
  ...(hub.files.get(FILE)?.sha256 !== undefined && { sha256: hub.files.get(FILE)?.sha256 ?? "" }),
});

describe("a disk that runs full while a model is fetched", () => {
  /** The store on a disk that takes so many bytes of bodies and no more. */
  function narrow(room: () => number): StoreFiles {
    const files = nodeStoreFiles(cache);
    const full = (): never => {
      throw new NoRoomError(`The disk of ${cache} is full.`);
    };
    return {
      ...files,
      room: () => Promise.resolve(undefined),
      write: async (path, keep) => {
        const writer = await files.write(path, keep);
        let end = keep;
        return {
          ...writer,
          write: async (bytes) => {
            const fits = Math.max(0, Math.min(bytes.byteLength, room() - end));
            await writer.write(bytes.subarray(0, fits));
            end += fits;
            if (fits < bytes.byteLength) full();
          },
        };
      },
    };
  }

  // Some before and some after the first 32 MB, of which the store vouches for what is written.
  it.each([0, 1000, 20 * MB, 40 * MB])(
    "after %d bytes: it is told, nothing half-installed, and with room it goes on, byte-equal",
    async (room) => {
      const bytes = patternBytes(0, 45 * MB);
      hub.add(FILE, bytes);
      const files = nodeStoreFiles(cache);
      await expect(fetchFile(target(narrow(() => room)), { policy: HASTY })).rejects.toThrow("is full");
      expect(hub.fetched, "a full disk is not asked again").toEqual([FILE]);
      const manifest = await readManifest(files, "m", FILE);
      expect(manifest?.complete ?? false).toBe(false);
      const kept = manifest?.written ?? 0;
      expect(kept).toBeLessThanOrEqual(room);
      if (room > 32 * 2 ** 20) expect(kept).toBeGreaterThanOrEqual(32 * 2 ** 20);
      const there = await files.read(bodyPath("m", FILE), 0, kept);
      expect(Buffer.compare(there, bytes.subarray(0, kept))).toBe(0);

      await fetchFile(target(narrow(() => Infinity)), { policy: HASTY });
      expect(hub.asked.at(-1)?.range).toBe(`bytes=${String(kept)}-`);
      const body = await readFile(join(cache, "models", "m", "files", FILE));
      expect(Buffer.compare(body, bytes)).toBe(0);
    },
  );
});

const mayMount = process.platform === "linux" && process.getuid?.() === 0;

describe.skipIf(!mayMount)(
  `a small disk${mayMount ? "" : " [skipped: only root on Linux may mount one]"}`,
  () => {
    const SIZE = 3 * 2 ** 20;
    const disk = (): string => join(cache, "disk");
    beforeEach(() => {
      mkdirSync(disk());
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${String(SIZE)}`, "tmpfs", disk()]);
    });
    afterEach(() => execFileSync("umount", [disk()]));

    it("that is too small is found out before a byte is fetched, where the length is known", async () => {
      hub.add(FILE, patternBytes(0, 4 * MB));
      await expect(
        fetchFile({ ...target(nodeStoreFiles(disk())), size: 4 * MB }, { policy: HASTY }),
      ).rejects.toThrow(/"unet\/model\.safetensors" needs 4\.0 MB in .*, where 3\.1 MB are free/);
      expect(hub.fetched).toEqual([]);
    });

    it("that somebody else fills meanwhile: what to do is told, and with room again it comes whole", async () => {
      const bytes = patternBytes(0, 2 * MB);
      hub.add(FILE, bytes);
      const now = hub.files.get(FILE);
      if (!now) throw new Error(FILE);
      const filler = join(disk(), "filler");
      let isFilled = false;
      hub.files.set(FILE, {
        ...now,
        content: (from, to) => {
          if (from > 500_000 && !isFilled) {
            isFilled = true;
            // All that is left, to the last page.
            for (let size = SIZE; size >= 4096; size /= 2) {
              try {
                writeFileSync(filler, new Uint8Array(size), { flag: "a" });
              } catch {
                // As much as fits was written.
              }
            }
          }
          return bytes.subarray(from, to);
        },
      });
      const files = nodeStoreFiles(disk());
      const fetching = fetchFile({ ...target(files), size: 2 * MB }, { policy: HASTY });
      await expect(fetching).rejects.toThrow(NoRoomError);
      await expect(fetching).rejects.toThrow(
        /is full\. Free some room .* and run again: it goes on from there/,
      );
      expect((await readManifest(files, "m", FILE))?.complete ?? false).toBe(false);
      await rm(filler);
      await fetchFile({ ...target(files), size: 2 * MB }, { policy: HASTY });
      const body = await readFile(join(disk(), "models", "m", "files", FILE));
      expect(Buffer.compare(body, bytes)).toBe(0);
    });
  },
);
