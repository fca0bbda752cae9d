import { fetchDownload, measureDownloads, pendingDownloads } from "../../nodes/downloads/downloads.ts";
import type { RemoteNeed } from "../../nodes/downloads/needs.ts";
import type { RemoteOptions } from "../../nodes/sources/remote/remote-folder.ts";
import { parseSourceRef } from "../../nodes/sources/source-ref.ts";
import {
  checkModel,
  findModel,
  listModels,
  removeModel,
  setPinned,
} from "../../nodes/sources/store/models.ts";
import { hasOpfs, opfsStoreFiles } from "../../nodes/sources/store/opfs-store-files.ts";
import type { StoreFiles } from "../../nodes/sources/store/store-files.ts";
import { webRemoteOptions } from "../../nodes/sources/web-sources.ts";
import type { ModelsClient } from "./models-client.ts";

/** What the person agreed to, for as long as this worker lives; the page tells it again to the next one. */
const allowed = new Set<string>();

export const isAllowed = (name: string): boolean => allowed.has(name);

/** A private window may offer the file system and then refuse it. */
async function openStore(): Promise<StoreFiles | undefined> {
  if (!hasOpfs()) return undefined;
  try {
    await navigator.storage.getDirectory();
    return opfsStoreFiles();
  } catch {
    return undefined;
  }
}

let store: Promise<StoreFiles | undefined> | undefined;

/** The browser's place for models, where it has one. */
export const storeOfBrowser = (): Promise<StoreFiles | undefined> => (store ??= openStore());

/** What is asked here was agreed to: a click stands behind each call. */
const agreedOptions = async (): Promise<RemoteOptions> =>
  webRemoteOptions({ store: await storeOfBrowser(), allow: () => true });

const required = async (): Promise<StoreFiles> => {
  const files = await storeOfBrowser();
  if (!files) throw new Error("This browser has no place for models in this window.");
  return files;
};

let controller = new AbortController();

export const workerModels: ModelsClient = {
  pending: async (needs) => pendingDownloads(needs, await agreedOptions()),
  measure: async (needs) => measureDownloads(needs, await agreedOptions()),
  allow: (names) => {
    for (const name of names) allowed.add(name);
    return Promise.resolve();
  },
  list: async () => {
    const files = await storeOfBrowser();
    return files ? listModels(files) : [];
  },
  room: async () => (await storeOfBrowser())?.room(),
  pin: async (name, pinned) => setPinned(await required(), name, pinned),
  remove: async (name) => {
    await removeModel(await required(), name);
  },
  check: async (name, onProgress) =>
    checkModel(await required(), name, {
      signal: controller.signal,
      progress: (done, total, path) => {
        onProgress(done, total, path);
      },
    }),
  resume: async (name, onProgress) => {
    const options = await agreedOptions();
    const model = options.files && (await findModel(options.files, name));
    const reference = parseSourceRef(name);
    if (!model || (reference.kind !== "hf" && reference.kind !== "https"))
      throw new Error(`"${name}" is not stored.`);
    const need: RemoteNeed = { name, reference, readers: [] };
    const rest = model.files
      .filter(({ complete }) => !complete)
      .map(({ path, size = 0, written }) => ({ path, size, stored: written, complete: false }));
    await fetchDownload(need, { name, host: model.host, files: rest }, options, {
      signal: controller.signal,
      progress: (done, total, note = "") => {
        onProgress(done, total, note);
      },
    });
  },
  stop: () => {
    controller.abort();
    controller = new AbortController();
    return Promise.resolve();
  },
};
