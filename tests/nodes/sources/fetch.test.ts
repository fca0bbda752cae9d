import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TorchGenerator } from "../../../src/tensor/torch-generator.ts";
import { fetchFile, type FetchTarget } from "../../../src/nodes/sources/store/fetch-file.ts";
import { nodeStoreFiles } from "../../../src/nodes/sources/store/node-store-files.ts";
import { bodyPath, manifestPath, readManifest } from "../../../src/nodes/sources/store/records.ts";
import { FakeHub, patternBytes } from "../../support/fake-hub.ts";
import { HASTY, remote, temporaryFolder, textOf, wholeOf } from "./support.ts";

const FILE = "unet/model.safetensors";
const SIZE = 300_001;
const bytes = patternBytes(0, SIZE);
const hub = new FakeHub();
let cache = "";

beforeAll(() => hub.start());
afterAll(() => hub.stop());
beforeEach(async () => {
  cache = await temporaryFolder();
  hub.reset();
  hub.add(FILE, bytes);
});
afterEach(() => rm(cache, { recursive: true, force: true }));

const target = (more: Partial<FetchTarget> = {}): FetchTarget => ({
  files: nodeStoreFiles(cache),
  folder: "m",
  path: FILE,
  remote: { name: FILE, url: `${hub.url}/cdn/${FILE}` },
  ...more,
});
const stored = (): Promise<Buffer> => readFile(join(cache, "models", "m", "files", FILE));
const equal = async (): Promise<boolean> => (await stored()).equals(Buffer.from(bytes));
/** Comparing millions of numbers one by one, as `toEqual` does, takes minutes. */
const same = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.compare(a, b) === 0;
const sha256 = (): string => hub.files.get(FILE)?.sha256 ?? "";

describe("a file on its way into the store", () => {
  it("is complete, byte-equal and not asked for again", async () => {
    await fetchFile(target({ sha256: sha256() }));
    expect(await equal()).toBe(true);
    await fetchFile(target({ sha256: sha256() }));
    expect(hub.fetched).toEqual([FILE]);
  });

  it("goes on after a cut at any of 100 random offsets, byte-equal, and asks only for the rest", async () => {
    const generator = TorchGenerator.fromSeed(11);
    const offsets = [0, 1, SIZE - 1, ...generator.rand(97).map((u) => Math.floor(u * SIZE))];
    hub.mischief = (path, count) => (count === 1 ? { cutAfter: Number(/\d+/.exec(path)?.[0]) } : undefined);
    const files = nodeStoreFiles(cache);
    const cutAndResume = async (at: number): Promise<void> => {
      const path = `cut-${String(at)}.safetensors`;
      hub.add(path, bytes);
      const one = target({
        path,
        sha256: hub.files.get(path)?.sha256 ?? "",
        remote: { name: path, url: `${hub.url}/cdn/${path}` },
      });
      await expect(fetchFile(one, { policy: { ...HASTY, attempts: 1 } })).rejects.toThrow(
        // Before the first byte nothing tells a broken connection from none.
        at < 2 ? `"${path}"` : new RegExp(`"${path}": .*\\d+ of ${String(SIZE)} bytes are stored; run again`),
      );
      const kept = (await readManifest(files, "m", path))?.written ?? 0;
      // What is vouched for is what was sent, less what the broken connection swallowed.
      expect(kept).toBeLessThanOrEqual(at);
      await fetchFile(one);
      const body = await files.read(bodyPath("m", path), 0, SIZE + 1);
      expect(same(body, bytes), `cut at ${String(at)}`).toBe(true);
      const asked = hub.asked.filter((request) => request.path === `/cdn/${path}`);
      expect(asked.map(({ range }) => range)).toEqual(["bytes=0-", `bytes=${String(kept)}-`]);
    };
    while (offsets.length > 0) await Promise.all(offsets.splice(0, 20).map(cutAndResume));
  });

  it("goes on by itself when the connection breaks, as long as each try gains something", async () => {
    hub.mischief = (_, count) => (count <= 9 ? { cutAfter: 30_000 } : undefined);
    await fetchFile(target({ sha256: sha256() }), { policy: HASTY });
    expect(await equal()).toBe(true);
    // A break may swallow what was on its way, so that a try gains nothing.
    expect(hub.fetched.length).toBeGreaterThanOrEqual(10);
  });

  it("goes on when nothing arrives for too long", async () => {
    hub.mischief = (_, count) => (count === 1 ? { stallAfter: 150_000 } : undefined);
    await fetchFile(target(), { policy: { ...HASTY, stallMs: 100 } });
    expect(await equal()).toBe(true);
  });

  it("comes right from a server that ignores ranges", async () => {
    hub.mischief = (_, count) => ({ ignoreRange: true, ...(count === 1 && { cutAfter: 200_000 }) });
    await fetchFile(target({ sha256: sha256() }), { policy: HASTY });
    expect(await equal()).toBe(true);
    expect(hub.fetched.length).toBe(2);
  });

  it("starts anew when the file changed between two ranges, and mixes nothing", async () => {
    hub.mischief = (_, count) => (count === 1 ? { etag: '"old"', cutAfter: 200_000 } : undefined);
    const old = patternBytes(0, SIZE, 99);
    const now = hub.files.get(FILE);
    if (!now) throw new Error(FILE);
    hub.files.set(FILE, {
      ...now,
      content: (from, to) => (hub.fetched.length === 1 ? old : bytes).subarray(from, to),
    });
    await fetchFile(target(), { policy: HASTY });
    expect(await equal()).toBe(true);
  });

  it("starts anew when it changed since an earlier run", async () => {
    hub.mischief = () => ({ etag: '"old"', cutAfter: 200_000 });
    await expect(fetchFile(target(), { policy: { ...HASTY, attempts: 1 } })).rejects.toThrow("run again");
    hub.mischief = () => undefined;
    await fetchFile(target());
    expect(await equal()).toBe(true);
  });

  it("that changes at every try is given up, by name", async () => {
    hub.mischief = (_, count) => ({ etag: `"${String(count)}"`, cutAfter: 100_000 });
    await expect(fetchFile(target(), { policy: HASTY })).rejects.toThrow(
      new RegExp(`"${FILE}" changed on 127.0.0.1:\\d+ while it was fetched, 3 times`),
    );
    expect((await readManifest(nodeStoreFiles(cache), "m", FILE))?.complete ?? false).toBe(false);
  });

  it("that arrives damaged is deleted and said to be", async () => {
    const now = hub.files.get(FILE);
    if (!now) throw new Error(FILE);
    hub.files.set(FILE, { ...now, content: (from, to) => patternBytes(from, to, 5) });
    await expect(fetchFile(target({ sha256: sha256() }))).rejects.toThrow(
      new RegExp(`"${FILE}" arrived damaged from .*SHA-256`),
    );
    expect(await readdir(join(cache, "models", "m", "files", "unet"))).toEqual([]);
  });

  it("of another length than the Hub lists is refused before a byte is written", async () => {
    await expect(fetchFile(target({ size: 5 }), { policy: HASTY })).rejects.toThrow(
      /lists 5 bytes, but sends 300001/,
    );
  });

  it("that was truncated on the disk is fetched anew", async () => {
    await fetchFile(target({ sha256: sha256() }));
    await writeFile(join(cache, "models", "m", "files", FILE), bytes.subarray(0, 1000));
    await fetchFile(target({ sha256: sha256() }));
    expect(await equal()).toBe(true);
  });

  it("is not taken for complete when its manifest was cut off", async () => {
    await fetchFile(target({ sha256: sha256() }));
    const path = join(cache, "models", manifestPath("m", FILE));
    await writeFile(path, (await readFile(path, "utf8")).slice(0, 40));
    await fetchFile(target({ sha256: sha256() }));
    expect(hub.fetched.length).toBe(2);
    expect(await equal()).toBe(true);
  });

  it("may be empty", async () => {
    hub.add("empty.txt", "");
    await fetchFile(
      target({ path: "empty.txt", remote: { name: "empty.txt", url: `${hub.url}/cdn/empty.txt` } }),
    );
    expect((await readManifest(nodeStoreFiles(cache), "m", "empty.txt"))?.complete).toBe(true);
  });

  it("says how far it is, in bytes and words with the time left, and ends at all of it", async () => {
    const seen: (readonly [done: number, total: number, note?: string | undefined])[] = [];
    await fetchFile(target(), { progress: (...told) => seen.push(told) });
    expect(seen.at(-1)?.slice(0, 2)).toEqual([SIZE, SIZE]);
    expect(seen.at(-1)?.[2]).toMatch(/^fetching unet\/model\.safetensors: 300 KB of 300 KB/);
  });

  it("stops when cancelled, keeps what it has, and goes on from there", async () => {
    hub.mischief = (_, count) => (count === 1 ? { stallAfter: 150_000 } : undefined);
    const controller = new AbortController();
    const work = fetchFile(target(), {
      signal: controller.signal,
      policy: { ...HASTY, stallMs: 5000 },
      progress: () => {
        setTimeout(() => {
          controller.abort();
        }, 50);
      },
    });
    await expect(work).rejects.toMatchObject({ name: "AbortError" });
    await fetchFile(target());
    expect(await equal()).toBe(true);
  });
});

describe("answers that are no file", () => {
  const failing = (status: number, headers = {}, more: Partial<FetchTarget> = {}) => {
    hub.mischief = () => ({ status, headers });
    return fetchFile(target(more), { policy: HASTY });
  };
  const begin = `"${FILE}" could not be fetched from 127.0.0.1`;

  it("404 names the file and the host", async () => {
    await expect(failing(404)).rejects.toThrow(begin);
    await expect(failing(404)).rejects.toThrow("there is no such file (404)");
  });

  it("403 says what to do", async () => {
    const { remote: plain } = target();
    await expect(
      failing(403, {}, { remote: { ...plain, deniedHelp: "Accept its terms at hub/x." } }),
    ).rejects.toThrow("access denied (403). Accept its terms at hub/x.");
    expect(hub.fetched.length, "it is of no use to try again").toBe(1);
  });

  it("429 waits as long as it is told, and goes on", async () => {
    hub.mischief = (_, count) =>
      count === 1 ? { status: 429, headers: { "Retry-After": "0.02" } } : undefined;
    const started = performance.now();
    await fetchFile(target(), { policy: HASTY });
    expect(performance.now() - started).toBeGreaterThan(15);
    expect(await equal()).toBe(true);
  });

  it("429 with a long wait says when to come back", async () => {
    await expect(failing(429, { "Retry-After": "3600" })).rejects.toThrow(
      "too many requests (429). Try again in 3600 s.",
    );
    expect(hub.fetched.length).toBe(1);
  });

  it("503 is tried again, and then is an error", async () => {
    await expect(failing(503)).rejects.toThrow("the server answered 503");
    expect(hub.fetched.length).toBe(HASTY.attempts);
  });

  it("a web page is not taken for a model", async () => {
    const now = hub.files.get(FILE);
    if (!now) throw new Error(FILE);
    hub.mischief = () => ({ headers: { "Content-Type": "text/html" } });
    await expect(fetchFile(target(), { policy: HASTY })).rejects.toThrow("the answer is a web page");
  });

  it("a server that is not there is named", async () => {
    const url = "http://127.0.0.1:1/model.safetensors";
    await expect(fetchFile(target({ remote: { name: FILE, url } }), { policy: HASTY })).rejects.toThrow(
      `"${FILE}" could not be fetched from 127.0.0.1:1: no connection.`,
    );
  });
});

describe("two that want the same file at once", () => {
  it("fetch it once", async () => {
    const both = [fetchFile(target({ sha256: sha256() })), fetchFile(target({ sha256: sha256() }))];
    const [one, other] = await Promise.all(both);
    expect(one).toEqual(other);
    expect(hub.fetched).toEqual([FILE]);
    expect(await equal()).toBe(true);
  });
});

describe("a remote folder", () => {
  const folder = (label = "hf:org/model", options = {}) =>
    remote(label, cache, { endpoint: hub.url, ...options });

  it("asks the Hub for one commit, lists it, and then is read without a network", async () => {
    hub.add("unet/config.json", "{}");
    expect(await folder().list()).toEqual([FILE, "unet/config.json"]);
    expect(await textOf(await folder().open("unet/config.json"))).toBe("{}");
    expect(await folder().open("vae/config.json")).toBeUndefined();
    expect(hub.asked.map(({ path }) => path)).toEqual([
      "/api/models/org/model/revision/main",
      "/org/model/resolve/c0ffee/unet/config.json",
      "/cdn/unet/config.json",
    ]);
    expect(await folder().identity()).toBe(`${hub.url}/org/model/resolve/c0ffee`);
    const offline = folder("hf:org/model@main", { endpoint: "http://127.0.0.1:1" });
    expect(await textOf(await offline.open("unet/config.json"))).toBe("{}");
    expect(await offline.open("vae/config.json")).toBeUndefined();
  });

  it("keeps one cache key from the first run on, and another after it was removed and fetched anew", async () => {
    hub.lists = false;
    const before = await folder().identity();
    await folder().open(FILE);
    expect(await folder().identity()).toBe(before);
    await rm(join(cache, "models"), { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await folder().identity()).not.toBe(before);
  });

  it("opens a mirror that lists nothing, and remembers what is not there", async () => {
    hub.lists = false;
    expect(same(await wholeOf(await folder().open(FILE)), bytes)).toBe(true);
    expect(await folder().open("unet/other.json")).toBeUndefined();
    hub.forget();
    expect(await folder().open("unet/other.json")).toBeUndefined();
    expect(hub.asked).toEqual([]);
  });

  it("fetches the header of a large file alone, until it is prepared", async () => {
    const large = patternBytes(0, 6_000_000);
    hub.add("big.safetensors", large);
    const file = await folder().open("big.safetensors");
    expect(same(await file?.read(8, 1000), large.slice(8, 1008))).toBe(true);
    expect(hub.bytesSent).toBeLessThan(1_000_000);
    await file?.prepare?.();
    expect(same(await wholeOf(await folder().open("big.safetensors")), large)).toBe(true);
    expect(hub.fetched).toEqual(["big.safetensors", "big.safetensors"]);
  });

  it("is one file when the address is one", async () => {
    expect(same(await wholeOf(await folder(`${hub.url}/${FILE}`).open("")), bytes)).toBe(true);
    const names = await readdir(join(cache, "models"));
    expect(names.length).toBe(1);
    expect(await readdir(join(cache, "models", names[0] ?? "", "files"))).toEqual(["model.safetensors"]);
  });

  it("sends a token to the Hub only", async () => {
    await folder("hf:org/model", { token: "secret" }).open(FILE);
    await (await folder(`${hub.url}/${FILE}`, { token: "secret" }).open(""))?.read(0, 1);
    expect(hub.asked.map(({ authorization }) => authorization)).toEqual([
      "Bearer secret",
      undefined,
      undefined,
    ]);
  });

  it("of a gated model says where its terms are", async () => {
    hub.mischief = () => ({ status: 403 });
    const file = await folder().open(FILE);
    await expect(file?.read(0, 8)).rejects.toThrow(
      `"org/model" does not exist, is private, or is gated: then accept its terms at ${hub.url}/org/model, then try again.`,
    );
  });

  it("is not asked for anything before the person agreed", async () => {
    const asked: string[] = [];
    const shy = folder("hf:org/model", { allow: (reference: string) => (asked.push(reference), false) });
    await expect(shy.open(FILE)).rejects.toThrow(
      /"hf:org\/model" is not stored here, and you have not agreed to fetch it from 127/,
    );
    expect(asked).toEqual(["hf:org/model@main"]);
    expect(hub.asked).toEqual([]);
  });

  it("refuses paths that lead out of the store", async () => {
    for (const path of ["../x", "a/../../x", "/etc/passwd", "a\\b", "a//b", "c:d"])
      await expect(folder().open(path)).rejects.toThrow("is not a path that a model's file may have");
  });
});

describe("where there is no room", () => {
  const noRoom = { ...nodeStoreFiles(""), room: () => Promise.resolve({ free: 10, used: 90, total: 100 }) };

  it("a file that does not fit is refused before a byte is fetched", async () => {
    await expect(fetchFile(target({ files: noRoom, size: SIZE }))).rejects.toThrow(
      /"unet\/model\.safetensors" needs 300 KB in .*, where 10 B are free/,
    );
    expect(hub.fetched).toEqual([]);
  });

  it("it is read by ranges where that is wanted, with a warning, and a change between them is an error", async () => {
    const large = patternBytes(0, 6_000_000);
    hub.add("big.safetensors", large);
    const files = { ...nodeStoreFiles(cache), room: noRoom.room };
    const warnings: string[] = [];
    const folder = remote("hf:org/model", cache, { endpoint: hub.url, files, whenFull: "ranges" });
    const file = await folder.open("big.safetensors", { warn: (text) => warnings.push(text) });
    await file?.prepare?.();
    expect(warnings[0]).toContain('"big.safetensors" could not be stored');
    expect(same(await wholeOf(file), large)).toBe(true);
    hub.mischief = () => ({ etag: '"new"' });
    await expect(file?.read(5_000_000, 10)).rejects.toThrow('"big.safetensors" changed on');
    hub.mischief = () => ({ ignoreRange: true });
    await expect(file?.read(5_000_000, 10)).rejects.toThrow("sends no parts of files");
  });
});

it("the cache folder is made when it is first needed, and may be a deep one", async () => {
  const deep = join(cache, "a", "b");
  await mkdir(cache, { recursive: true });
  await fetchFile(target({ files: nodeStoreFiles(deep) }));
  expect((await readFile(join(deep, "models", "m", "files", FILE))).length).toBe(SIZE);
});
