import { blobSource } from "../../diffusion/weights/byte-source.ts";
import { remoteFolders, type RemoteOptions } from "./remote/remote-folder.ts";
import {
  HUB,
  parseSourceRef,
  siteFolder,
  type FileSink,
  type Services,
  type SourceFolder,
} from "./sources.ts";
import type { StoreFiles } from "./store/store-files.ts";

/** Files a person chose or dropped, by the path that `file:<path>` names. */
export type LocalFiles = ReadonlyMap<string, File>;

export interface WebOptions {
  /** Base URL of the page, which serves `models/` and `data/`. */
  readonly baseUrl: string;
  readonly files: FileSink;
  readonly local?: LocalFiles;
  /** Where models are kept; without it they are read from the network each time. */
  readonly store?: StoreFiles | undefined;
  /** Whether the person agreed that a reference is fetched from the network. Absent: nothing is. */
  readonly allow?: (reference: string) => boolean;
  /** The Hub or a mirror of it. */
  readonly endpoint?: string;
}

/** Sources in the page: what ships beside it, the Hub, `https://`, and files that the person chose. */
export function webServices(options: WebOptions): Services {
  const { baseUrl, files, local = new Map<string, File>() } = options;
  const remote = remoteFolders(webRemoteOptions(options));
  const folder = (label: string): SourceFolder => {
    const reference = parseSourceRef(label);
    switch (reference.kind) {
      case "bundled": {
        const path = reference.name === "mnist" ? "data/mnist" : `models/${reference.name}`;
        return siteFolder(label, new URL(path, baseUrl).href);
      }
      case "hf":
      case "https":
        return remote(label, reference);
      case "file":
        return chosenFolder(label, reference.path, local);
    }
  };
  return { sources: { folder }, files };
}

/** How remote models are reached from a page. */
export function webRemoteOptions({
  store,
  endpoint = HUB,
  allow = () => false,
}: Pick<WebOptions, "store" | "endpoint" | "allow">): RemoteOptions {
  return {
    files: store,
    endpoint,
    whenFull: "ranges",
    deniedHelp: "download its files there, and drop their folder onto the page.",
    allow,
  };
}

function chosenFolder(label: string, path: string, local: LocalFiles): SourceFolder {
  const inFolder = [...local.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
  if (inFolder.length === 0) {
    throw new Error(
      `"${label}" is a path on a disk, which a page cannot open by itself. Drop the file or folder onto the page.`,
    );
  }
  const names = inFolder.map((name) => (name === path ? name : name.slice(path.length + 1)));
  const fileAt = (name: string): File | undefined => local.get(path) ?? local.get(`${path}/${name}`);
  return {
    label,
    list: () => Promise.resolve(names),
    open: (name) => {
      const file = fileAt(name);
      if (!file) return Promise.resolve(undefined);
      return Promise.resolve(blobSource(name || label, file));
    },
    identity: () =>
      Promise.resolve(
        inFolder
          .map((name) => `${name}:${String(local.get(name)?.size)}:${String(local.get(name)?.lastModified)}`)
          .join("|"),
      ),
  };
}
