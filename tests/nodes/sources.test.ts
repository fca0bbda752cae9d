import { execFileSync } from "node:child_process";
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles, nodeServices } from "../../src/nodes/sources/node-sources.ts";
import { openRequired } from "../../src/nodes/sources/sources.ts";
import { webServices } from "../../src/nodes/sources/web-sources.ts";

const { sources } = nodeServices();
const textOf = async (
  file: { size: number; read(offset: number, length: number): Promise<Uint8Array> } | undefined,
) => file && new TextDecoder().decode(await file.read(0, file.size));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "loom-sources-"));
  await mkdir(join(folder, "unet"));
  await writeFile(join(folder, "unet", "config.json"), "{}");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("file: sources", () => {
  it("open files of a folder, and list them when one is missing", async () => {
    const model = sources.folder(`file:${folder}`);
    expect(await textOf(await model.open("unet/config.json"))).toBe("{}");
    expect(await model.open("vae/config.json")).toBeUndefined();
    await expect(openRequired(model, "vae/config.json")).rejects.toThrow(
      `"file:${folder}" has no file "vae/config.json". It holds: unet/config.json.`,
    );
  });

  it("may be a single file", async () => {
    const path = join(folder, "unet", "config.json");
    expect(await textOf(await sources.folder(`file:${path}`).open(""))).toBe("{}");
  });

  it("change their identity when a file does", async () => {
    const model = sources.folder(`file:${folder}`);
    const before = await model.identity();
    await writeFile(join(folder, "unet", "config.json"), "{ }");
    expect(await model.identity()).not.toBe(before);
    await writeFile(join(folder, "unet", "config.json"), "{}");
  });

  it("that are not there are refused by name", async () => {
    await expect(sources.folder("file:/no/such/folder").open("config.json")).rejects.toThrow(
      "there is no such file or folder",
    );
  });
});

describe("bundled: sources", () => {
  it("find the models that ship, and MNIST", async () => {
    expect(await textOf(await sources.folder("bundled:mnist-ddpm").open("unet/config.json"))).toContain(
      "UNet2DModel",
    );
    expect((await sources.folder("bundled:mnist").open("t10k-labels-idx1-ubyte"))?.size).toBe(10_008);
  });

  it("that do not ship are refused by name", () => {
    expect(() => sources.folder("bundled:sd-9")).toThrow('"bundled:sd-9" does not ship with this version');
  });
});

describe("sources over the network", () => {
  let server: Server;
  let base = "";
  let answer: (path: string, response: ServerResponse) => void;
  beforeAll(async () => {
    server = createServer((request, response) => {
      answer(request.url ?? "", response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    process.env["HF_ENDPOINT"] = base;
    process.env["LATENT_LOOM_CACHE"] = join(folder, "cache");
  });
  afterAll(() => {
    delete process.env["HF_ENDPOINT"];
    delete process.env["LATENT_LOOM_CACHE"];
    server.close();
  });

  it("hf: and https: go through the cache folder", async () => {
    answer = (path, response) => {
      if (path.startsWith("/api/")) response.writeHead(404).end();
      else response.setHeader("ETag", '"abc"').end("{}");
    };
    expect(await textOf(await sources.folder("hf:org/model@v1").open("unet/config.json"))).toBe("{}");
    expect(await textOf(await sources.folder(`${base}/x.json`).open(""))).toBe("{}");
    expect((await readdir(join(folder, "cache", "models"))).length).toBe(2);
  });

  it("in the page, nothing is asked for before the person agreed", async () => {
    const asked: string[] = [];
    answer = (path, response) => {
      asked.push(path);
      response.end("{}");
    };
    const page = webServices({ baseUrl: base, files: nodeFiles }).sources;
    await expect(page.folder("hf:org/model").open("unet/config.json")).rejects.toThrow("have not agreed");
    await expect(page.folder(`${base}/x.json`).open("")).rejects.toThrow("have not agreed");
    expect(asked).toEqual([]);
    const agreed = webServices({ baseUrl: base, files: nodeFiles, allow: () => true }).sources;
    expect(await textOf(await agreed.folder(`${base}/x.json`).open(""))).toBe("{}");
  });

  it("in the page, what ships is beside it, and a server's own page is not taken for a file", async () => {
    const asked: string[] = [];
    answer = (path, response) => {
      asked.push(path);
      if (path.endsWith(".json")) response.end("{}");
      else response.setHeader("Content-Type", "text/html").end("<!doctype html>");
    };
    const page = webServices({ baseUrl: `${base}/loom/`, files: nodeFiles }).sources;
    expect(await textOf(await page.folder("bundled:mnist-ddpm").open("unet/config.json"))).toBe("{}");
    expect(await page.folder("bundled:mnist").open("train-images-idx3-ubyte")).toBeUndefined();
    expect(asked).toEqual([
      "/loom/models/mnist-ddpm/unet/config.json",
      "/loom/data/mnist/train-images-idx3-ubyte",
    ]);
  });

  it("in the page, a file: source is one of the files that the person chose", async () => {
    const local = new Map([["model/unet/config.json", new File(["{}"], "config.json")]]);
    const page = webServices({ baseUrl: base, files: nodeFiles, local }).sources;
    expect(await textOf(await page.folder("file:model").open("unet/config.json"))).toBe("{}");
    expect(() => page.folder("file:/home/other")).toThrow("Drop the file or folder onto the page");
  });
});

describe("writing files", () => {
  afterEach(async () => {
    for (const name of await readdir(folder))
      if (name.startsWith("out")) await rm(join(folder, name), { recursive: true });
  });

  it("makes folders, replaces the old file and leaves nothing else behind", async () => {
    const path = join(folder, "out", "deep", "a.bin");
    await nodeFiles.write(path, Uint8Array.of(1));
    await nodeFiles.write(path, Uint8Array.of(2, 3));
    expect([...(await readFile(path))]).toEqual([2, 3]);
    expect(await readdir(join(folder, "out", "deep"))).toEqual(["a.bin"]);
  });

  it("a folder in the way is an error, and no part is left", async () => {
    await mkdir(join(folder, "out.png"));
    await expect(nodeFiles.write(join(folder, "out.png"), Uint8Array.of(1))).rejects.toThrow(
      "a folder of that name is in the way",
    );
    expect((await readdir(folder)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  const disk = smallDisk();
  it.skipIf(disk === undefined)(
    `a full disk keeps the old file and leaves no part${disk === undefined ? " [skipped: a small file system can only be mounted by root on Linux]" : ""}`,
    async () => {
      if (disk === undefined) return;
      try {
        const path = join(disk, "model.safetensors");
        await nodeFiles.write(path, new Uint8Array(1000).fill(7));
        await expect(nodeFiles.write(path, new Uint8Array(1_000_000))).rejects.toThrow("the disk is full");
        expect(await readdir(disk)).toEqual(["model.safetensors"]);
        expect([...(await readFile(path))]).toEqual([...new Uint8Array(1000).fill(7)]);
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );
});

/** A file system of 64 KB, where one may be mounted. */
function smallDisk(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const path = join(tmpdir(), `loom-disk-${String(process.pid)}`);
  try {
    execFileSync("mkdir", ["-p", path]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path], { stdio: "ignore" });
    return path;
  } catch {
    return undefined;
  }
}
